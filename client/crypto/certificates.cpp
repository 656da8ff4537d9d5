#include "client/crypto/certificates.hpp"

#include "client/words.hpp"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

namespace relay::client {
namespace {

constexpr std::size_t most_pem_bytes = 4UL << 20;

Handle<BIO> memory_bio(std::string_view text) {
    return Handle<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

} // namespace

std::string take_openssl_reason() {
    const auto code = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "unknown reason";
}

Outcome<Certificate> Certificate::from_pem(std::string_view pem) {
    const auto bio = memory_bio(pem);
    X509* parsed = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
    if (parsed == nullptr) {
        return local_failure(
            words("no certificate in PEM form: {0}", "PEM形式の電子証明書ではありません: {0}", {take_openssl_reason()})
        );
    }
    return Certificate(parsed);
}

Outcome<Certificate> Certificate::from_der(protocol::BytesView der) {
    const auto* at = der.data();
    X509* parsed = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
    if (parsed == nullptr) {
        return local_failure(
            words("no certificate in DER form: {0}", "DER形式の電子証明書ではありません: {0}", {take_openssl_reason()})
        );
    }
    return Certificate(parsed);
}

protocol::Digest Certificate::sha256() const {
    protocol::Digest digest;
    unsigned size = 0;
    X509_digest(x509_.get(), EVP_sha256(), digest.bytes.data(), &size);
    return digest;
}

std::optional<std::string> Certificate::organization_identifier() const {
    const X509_NAME* subject = X509_get_subject_name(x509_.get());
    const int at = X509_NAME_get_index_by_NID(subject, NID_organizationIdentifier, -1);
    if (at < 0) {
        return std::nullopt;
    }
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    std::string value;
    if (size > 0) {
        value.assign(protocol::as_text(protocol::BytesView(text, static_cast<std::size_t>(size))));
    }
    OPENSSL_free(text);
    return value;
}

Outcome<TrustAnchors> TrustAnchors::load(const fs::path& pem_file) {
    const auto pem = read_whole(pem_file, most_pem_bytes);
    if (!pem) {
        return pem.error();
    }
    TrustAnchors anchors(X509_STORE_new());
    const auto bio = memory_bio(*pem);
    int count = 0;
    while (const auto certificate = Handle<X509>(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))) {
        X509_STORE_add_cert(anchors.store_.get(), certificate.get());
        ++count;
    }
    ERR_clear_error();
    if (count == 0) {
        return local_failure(
            pem_file.string() + words(": holds no certificate in PEM form", ": PEM形式の電子証明書がありません")
        );
    }
    // An office may be given its sector's issuing CA alone.
    X509_STORE_set_flags(anchors.store_.get(), X509_V_FLAG_PARTIAL_CHAIN);
    return anchors;
}

Outcome<void> TrustAnchors::check(const Certificate& certificate, protocol::Time at) const {
    const Handle<X509_STORE_CTX> context(X509_STORE_CTX_new());
    if (!context || X509_STORE_CTX_init(context.get(), store_.get(), certificate.get(), nullptr) != 1) {
        return local_failure(
            words("the certificate cannot be checked: {0}", "電子証明書を確認できません: {0}", {take_openssl_reason()})
        );
    }
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
    X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(seconds));
    if (X509_verify_cert(context.get()) != 1) {
        const auto* reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
        ERR_clear_error();
        return local_failure(words(
            "certificate {0} does not chain to the trusted CA: {1}",
            "電子証明書 {0} は信頼する認証局のものではありません: {1}",
            {certificate.sha256().hex(), reason}
        ));
    }
    return {};
}

Outcome<void> TrustAnchors::check_office(
    const Certificate& certificate, const protocol::OfficeNumber& office, protocol::Time at
) const {
    if (auto chained = check(certificate, at); !chained) {
        return chained;
    }
    const auto named = certificate.organization_identifier();
    if (named && *named != office.view()) {
        return local_failure(words(
            "certificate {0} belongs to office {1}, not to {2}",
            "電子証明書 {0} は事業所 {2} ではなく {1} のものです",
            {certificate.sha256().hex(), *named, office.str()}
        ));
    }
    return {};
}

Outcome<Identity> Identity::load(const fs::path& certificate_file, const fs::path& key_file) {
    auto certificate_pem = read_whole(certificate_file, most_pem_bytes);
    if (!certificate_pem) {
        return certificate_pem.error();
    }
    auto key_pem = read_whole(key_file, most_pem_bytes);
    if (!key_pem) {
        return key_pem.error();
    }
    auto certificate = Certificate::from_pem(*certificate_pem);
    if (!certificate) {
        return local_failure(certificate_file.string() + ": " + certificate.error().text);
    }
    const auto bio = memory_bio(*key_pem);
    Handle<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    if (!key) {
        return local_failure(words(
            "{0}: no private key in PEM form: {1}",
            "{0}: PEM形式の秘密鍵ではありません: {1}",
            {key_file.string(), take_openssl_reason()}
        ));
    }
    if (X509_check_private_key(certificate->get(), key.get()) != 1) {
        ERR_clear_error();
        return local_failure(words(
            "{0} is not the key of {1}",
            "{0} は {1} の秘密鍵ではありません",
            {key_file.string(), certificate_file.string()}
        ));
    }
    return Identity{*std::move(certificate_pem), *std::move(key_pem), *std::move(certificate), std::move(key)};
}

} // namespace relay::client
