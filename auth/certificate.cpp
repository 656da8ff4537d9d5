#include "auth/certificate.hpp"

#include "auth/x509_fields.hpp"
#include "protocol/cms/openssl.hpp"

#include <openssl/pem.h>

namespace relay::auth {
namespace {

using namespace protocol::cms;
using protocol::Error;
using protocol::ErrorCode;

constexpr std::size_t max_certificate = 64 * 1024;

Error refuse(std::string_view reason) {
    return Error(ErrorCode::malformed_request, "certificate: " + std::string(reason));
}

bool is_strong(X509* certificate) {
    int digest = NID_undef;
    if (X509_get_version(certificate) != X509_VERSION_3 ||
        X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) != 1 || !is_strong_digest(digest)) {
        return false;
    }
    const std::uint32_t flags = X509_get_extension_flags(certificate);
    if ((flags & EXFLAG_INVALID) != 0) {
        return false;
    }
    if ((flags & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(certificate) & XKU_SSL_CLIENT) == 0) {
        return false;
    }
    return is_strong_key(X509_get0_pubkey(certificate));
}

} // namespace

Result<Certificate> read_certificate(BytesView der) {
    const ErrorQueueGuard guard;
    if (der.size() > max_certificate) {
        return refuse("larger than 64 KiB");
    }
    const std::uint8_t* at = der.data();
    const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (!certificate) {
        return refuse(last_openssl_reason());
    }
    Certificate read;
    read.der = encode(certificate.get());
    // One certificate, one digest: other encodings of the same certificate would be strangers to the registry.
    if (read.der != protocol::to_bytes(der)) {
        return refuse("not DER");
    }
    read.sha256 = Digest::of(der);
    read.common_name = sole_common_name(X509_get_subject_name(certificate.get()));
    const std::optional<Time> not_before = to_time(X509_get0_notBefore(certificate.get()));
    const std::optional<Time> not_after = to_time(X509_get0_notAfter(certificate.get()));
    if (!not_before || !not_after) {
        return refuse("unreadable validity");
    }
    read.not_before = *not_before;
    read.not_after = *not_after;
    read.issuer_der = encode(X509_get_issuer_name(certificate.get()));
    read.serial = content_octets(X509_get0_serialNumber(certificate.get()));
    if (read.issuer_der.empty() || read.serial.empty()) {
        return refuse("unreadable issuer or serial number");
    }
    if (const ASN1_OCTET_STRING* identifier = X509_get0_subject_key_id(certificate.get()); identifier != nullptr) {
        read.key_identifier.assign(identifier->data, identifier->data + identifier->length);
    }
    read.strong = is_strong(certificate.get());
    return read;
}

Result<Certificate> read_certificate_pem(std::string_view pem) {
    const ErrorQueueGuard guard;
    const X509Ptr certificate = read_pem_certificate(pem);
    if (!certificate) {
        return refuse("no certificate in the PEM text");
    }
    return read_certificate(encode(certificate.get()));
}

std::string to_pem(BytesView der) {
    const ErrorQueueGuard guard;
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio(bio.get(), "CERTIFICATE", "", der.data(), static_cast<long>(der.size())) <= 0) {
        return {};
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

} // namespace relay::auth
