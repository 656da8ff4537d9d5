#include "tests/bench/signer.hpp"

#include "protocol/digest.hpp"
#include "tests/bench/der.hpp"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <ctime>

namespace relay::bench {

using namespace protocol::cms;
using namespace std::string_view_literals;

namespace {

constexpr auto oid_data = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"sv;
constexpr auto oid_signed_data = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"sv;
constexpr auto oid_content_type = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"sv;
constexpr auto oid_message_digest = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"sv;
constexpr auto oid_signing_time = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05"sv;
constexpr auto oid_signing_certificate_v2 = "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f"sv;
constexpr auto sha256_algorithm = "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"sv;
constexpr auto ecdsa_with_sha256 = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"sv;
constexpr auto rsa_encryption = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"sv;
constexpr auto version_1 = "\x02\x01\x01"sv;

std::string serial_of(const X509* certificate) {
    return der::element(0x02, std::string(protocol::as_text(content_octets(X509_get0_serialNumber(certificate)))));
}

std::string attribute(std::string_view oid, std::string_view value) {
    return der::sequence(std::string(oid) + der::set(value));
}

std::string signing_time() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    return attribute(
        oid_signing_time,
        der::element(0x17, {text.data(), std::strftime(text.data(), text.size(), "%y%m%d%H%M%SZ", &parts)})
    );
}

} // namespace

std::string sha256(std::string_view data) {
    const auto digest = protocol::Digest::of(data);
    return std::string(protocol::as_text(digest.view()));
}

std::string sha256_hex(std::string_view data) {
    return protocol::Digest::of(data).hex();
}

Signer::Signer(const Identity& identity) : key_(identity.key()), certificate_der_(identity.certificate_der) {
    const auto certificate = identity.certificate();
    const auto issuer = std::string(protocol::as_text(encode(X509_get_issuer_name(certificate.get()))));
    const auto serial = serial_of(certificate.get());
    signer_id_ = der::sequence(issuer + serial);
    const auto issuer_serial = der::sequence(der::sequence(der::context(4, issuer)) + serial);
    const auto ess = der::sequence(der::octets(sha256(certificate_der_)) + issuer_serial);
    signing_certificate_ = attribute(oid_signing_certificate_v2, der::sequence(der::sequence(ess)));
    algorithm_ = EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA ? rsa_encryption : ecdsa_with_sha256;
    context_.reset(EVP_PKEY_CTX_new(key_.get(), nullptr));
    if (!context_ || EVP_PKEY_sign_init(context_.get()) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context_.get(), EVP_sha256()) != 1) {
        openssl_failed("signing");
    }
}

std::string Signer::raw_signature(std::string_view attributes) const {
    const auto digest = protocol::Digest::of(attributes);
    std::array<unsigned char, 512> out{};
    std::size_t size = out.size();
    if (EVP_PKEY_sign(context_.get(), out.data(), &size, digest.bytes.data(), digest.bytes.size()) != 1) {
        openssl_failed("signing");
    }
    return {reinterpret_cast<const char*>(out.data()), size};
}

std::string Signer::sign(std::string_view content) const {
    // In DER's order of a SET: here that of their lengths.
    const std::string attributes = attribute(oid_content_type, oid_data) + signing_time() +
                                   attribute(oid_message_digest, der::octets(sha256(content))) + signing_certificate_;
    const std::string signer_info = der::sequence(
        std::string(version_1) + signer_id_ + std::string(sha256_algorithm) + der::context(0, attributes) + algorithm_ +
        der::octets(raw_signature(der::set(attributes)))
    );
    const std::string signed_data = der::sequence(
        std::string(version_1) + der::set(sha256_algorithm) +
        der::sequence(std::string(oid_data) + der::context(0, der::octets(content))) +
        der::context(0, certificate_der_) + der::set(signer_info)
    );
    return der::sequence(std::string(oid_signed_data) + der::context(0, signed_data));
}

std::string seal_random(std::size_t size, const Identity& recipient) {
    constexpr std::size_t envelope = 420;
    std::string inner(size > envelope ? size - envelope : 1, '\0');
    // The first mebibyte is random, the rest repeats it: no cipher makes a pattern of it.
    const std::size_t random = std::min<std::size_t>(inner.size(), 1U << 20U);
    RAND_bytes(reinterpret_cast<unsigned char*>(inner.data()), static_cast<int>(random));
    const auto certificate = recipient.certificate();
    const std::unique_ptr<STACK_OF(X509), Deleter<free_certificates>> recipients(sk_X509_new_null());
    X509_up_ref(certificate.get());
    sk_X509_push(recipients.get(), certificate.get());
    const BioPtr in(BIO_new_mem_buf(inner.data(), static_cast<int>(inner.size())));
    const CmsPtr sealed(CMS_encrypt(recipients.get(), in.get(), EVP_aes_256_gcm(), CMS_BINARY));
    unsigned char* out = nullptr;
    const int length = sealed ? i2d_CMS_ContentInfo(sealed.get(), &out) : -1;
    if (length <= 0) {
        openssl_failed("CMS_encrypt");
    }
    const OpensslBytes owned(out);
    return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(length)};
}

} // namespace relay::bench
