// Signatures. Nothing can be signed by changing bytes: what verifies is the content that the seeds were signed over.
#include "protocol/cms/verifier.hpp"

#include "auth/certificate.hpp"
#include "tests/fuzz/check.hpp"

#include <openssl/err.h>

namespace relay::fuzz {

namespace {

/// What tests/fuzz/seeds.py signs.
constexpr std::string_view signed_by_seeds = R"({"signed":"by the seeds"})";

} // namespace

void judge(protocol::BytesView input) {
    static protocol::cms::Verifier verifier; // knows the signers of the seeds once it has seen them
    const auto verified = verifier.verify(input);
    require(ERR_peek_error() == 0, "no error stays in the thread's queue");
    const auto full = protocol::cms::verify(input);
    require(verified.has_value() == full.has_value(), "both ways say the same");
    if (!verified) {
        require(verified.error().code == protocol::ErrorCode::bad_signature, "one refusal there is");
        require(verified.error().cause.starts_with("CMS: "), "a refusal has a cause");
        return;
    }
    require(protocol::as_text(verified->content) == signed_by_seeds, "what verifies was signed");
    require(
        verified->signer_sha256 == protocol::Digest::of(protocol::BytesView(verified->signer_certificate)),
        "a signer is named by its certificate"
    );
    require(auth::read_certificate(verified->signer_certificate).has_value(), "a signer's certificate is one");
}

} // namespace relay::fuzz
