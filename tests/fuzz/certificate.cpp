// Certificates, in DER and PEM.
#include "auth/certificate.hpp"

#include "protocol/utf8.hpp"
#include "tests/fuzz/check.hpp"

#include <openssl/err.h>

namespace relay::fuzz {

namespace {

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = protocol::utf8_length(text);
        if (length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

void judge_certificate(const auth::Certificate& certificate, protocol::BytesView der) {
    require(certificate.der == protocol::to_bytes(der), "a certificate is the bytes it came in");
    require(certificate.sha256 == protocol::Digest::of(der), "a certificate is named by its bytes");
    require(!certificate.issuer_der.empty() && !certificate.serial.empty(), "issuer and serial are there");
    require(!certificate.common_name || is_utf8(*certificate.common_name), "a common name is text");
    for (const protocol::Time time : {certificate.not_before, certificate.not_after}) {
        require(protocol::parse_rfc3339(protocol::to_rfc3339(time)) == time, "validity can be told");
    }
    const auto again = auth::read_certificate_pem(auth::to_pem(der));
    require(again && again->der == certificate.der && again->strong == certificate.strong, "PEM carries the same");
}

} // namespace

void judge(protocol::BytesView input) {
    const auto certificate = auth::read_certificate(input);
    require(ERR_peek_error() == 0, "no error stays in the thread's queue");
    if (certificate) {
        judge_certificate(*certificate, input);
    } else {
        require(certificate.error().code == protocol::ErrorCode::malformed_request, "one refusal there is");
    }
    const auto from_pem = auth::read_certificate_pem(protocol::as_text(input));
    require(ERR_peek_error() == 0, "nor after PEM");
    if (from_pem) {
        judge_certificate(*from_pem, from_pem->der);
    }
}

} // namespace relay::fuzz
