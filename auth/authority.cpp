#include "auth/authority.hpp"

#include "auth/authority_files.hpp"
#include "auth/issuing.hpp"
#include "auth/x509_fields.hpp"

#include <openssl/pem.h>

namespace relay::auth {
namespace {

using namespace protocol::cms;
using protocol::Error;
using protocol::ErrorCode;

constexpr const char* certificate_file = "ca.pem";
constexpr const char* key_file = "ca.key";
constexpr const char* crl_file = "ca.crl";

Error unusable(std::string_view what) {
    return protocol::errors::internal("CA: " + std::string(what) + ": " + last_openssl_reason());
}

RequestPtr read_request(std::string_view pem) {
    const BioPtr bio = open_bio(protocol::as_bytes(pem));
    return RequestPtr(bio ? PEM_read_bio_X509_REQ(bio.get(), nullptr, refuse_passphrase, nullptr) : nullptr);
}

} // namespace

Authority::Authority(std::filesystem::path directory, std::string certificate_pem, std::string key_pem)
    : directory_(std::move(directory)),
      certificate_pem_(std::move(certificate_pem)),
      key_pem_(std::move(key_pem)) {
}

Result<Authority> Authority::create(const std::filesystem::path& directory, Time now) {
    const ErrorQueueGuard queue;
    std::error_code failure;
    std::filesystem::create_directories(directory, failure);
    if (failure) {
        return protocol::errors::internal("CA folder " + directory.string() + ": " + failure.message());
    }
    if (std::filesystem::exists(directory / key_file, failure) || failure) {
        return protocol::errors::internal("a CA is there already: " + (directory / key_file).string());
    }
    const KeyPtr key(EVP_EC_gen("P-256"));
    const X509Ptr certificate = key ? make_root(key.get(), now) : nullptr;
    if (!certificate) {
        return unusable("cannot be made");
    }
    Authority authority(directory, to_pem(encode(certificate.get())), private_key_pem(key.get()));
    if (authority.certificate_pem_.empty() || authority.key_pem_.empty()) {
        return unusable("certificate or key cannot be written");
    }
    // The key comes last: a folder without it is no CA and may be tried again.
    if (auto written = write_text_file(directory / certificate_file, authority.certificate_pem_, 0644); !written) {
        return written.error();
    }
    if (auto written = authority.write_crl({}, now); !written) {
        return written.error();
    }
    if (auto written = write_text_file(directory / key_file, authority.key_pem_, 0600); !written) {
        return written.error();
    }
    return authority;
}

Result<Authority> Authority::open(const std::filesystem::path& directory) {
    const ErrorQueueGuard queue;
    auto certificate_pem = read_text_file(directory / certificate_file);
    if (!certificate_pem) {
        return certificate_pem.error();
    }
    auto key_pem = read_text_file(directory / key_file);
    if (!key_pem) {
        return key_pem.error();
    }
    const X509Ptr certificate = read_pem_certificate(*certificate_pem);
    const KeyPtr key = read_pem_key(*key_pem);
    if (!certificate || !key || X509_check_private_key(certificate.get(), key.get()) != 1) {
        return unusable("certificate or key unreadable, or of two CAs");
    }
    return Authority(directory, std::move(*certificate_pem), std::move(*key_pem));
}

Result<IssuedCertificate> Authority::issue(
    const protocol::UserId& user, const std::optional<protocol::OfficeNumber>& office, KeyType type, int days, Time now
) const {
    const ErrorQueueGuard queue;
    const KeyPtr key(
        type == KeyType::p256 ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})
    );
    if (!key) {
        return unusable("no key made");
    }
    auto key_pem = private_key_pem(key.get());
    if (key_pem.empty()) {
        return unusable("key cannot be written");
    }
    auto issued = issue_for_key(user, office, key.get(), days, now);
    if (issued) {
        issued->key_pem = std::move(key_pem);
    }
    return issued;
}

Result<IssuedCertificate> Authority::sign_request(
    std::string_view csr_pem,
    const protocol::UserId& user,
    const std::optional<protocol::OfficeNumber>& office,
    int days,
    Time now
) const {
    const ErrorQueueGuard queue;
    const RequestPtr request = read_request(csr_pem);
    EVP_PKEY* key = request ? X509_REQ_get0_pubkey(request.get()) : nullptr;
    if (key == nullptr) {
        return Error(ErrorCode::malformed_request, "CSR: unreadable");
    }
    if (!is_strong_key(key)) {
        return Error(ErrorCode::malformed_request, "CSR: key too weak or of another kind");
    }
    if (X509_REQ_verify(request.get(), key) != 1) {
        return Error(ErrorCode::malformed_request, "CSR: its signature does not match");
    }
    if (sole_common_name(X509_REQ_get_subject_name(request.get())) != user.view()) {
        return Error(ErrorCode::malformed_request, "CSR: its CN is not the user's");
    }
    return issue_for_key(user, office, key, days, now);
}

Result<IssuedCertificate> Authority::issue_for_key(
    const protocol::UserId& user,
    const std::optional<protocol::OfficeNumber>& office,
    evp_pkey_st* key,
    int days,
    Time now
) const {
    if (days < 1) {
        return Error(ErrorCode::malformed_request, "certificate: valid for no day");
    }
    const X509Ptr issuer = read_pem_certificate(certificate_pem_);
    const KeyPtr issuer_key = read_pem_key(key_pem_);
    if (!issuer || !issuer_key) {
        return unusable("certificate or key unreadable");
    }
    const LeafNames names{user.str(), office ? office->str() : std::string()};
    const X509Ptr leaf = make_leaf(names, key, issuer.get(), issuer_key.get(), std::chrono::hours(24) * days, now);
    if (!leaf) {
        return unusable("certificate cannot be made");
    }
    auto certificate = read_certificate(encode(leaf.get()));
    if (!certificate) {
        return certificate.error();
    }
    if (!certificate->strong || certificate->common_name != user.view()) {
        return unusable("certificate is not what it was meant to be");
    }
    IssuedCertificate issued;
    issued.chain_pem = to_pem(certificate->der);
    if (issued.chain_pem.empty()) {
        return unusable("certificate cannot be written");
    }
    issued.chain_pem += certificate_pem_;
    issued.certificate = std::move(*certificate);
    return issued;
}

Result<void> Authority::write_crl(const std::vector<RevokedEntry>& revoked, Time now) const {
    const ErrorQueueGuard queue;
    const X509Ptr issuer = read_pem_certificate(certificate_pem_);
    const KeyPtr issuer_key = read_pem_key(key_pem_);
    if (!issuer || !issuer_key) {
        return unusable("certificate or key unreadable");
    }
    const std::string pem = make_crl(revoked, issuer.get(), issuer_key.get(), now);
    if (pem.empty()) {
        return unusable("CRL cannot be made");
    }
    return write_text_file(directory_ / crl_file, pem, 0644);
}

bool Authority::issued(const Certificate& certificate) const {
    const X509Ptr issuer = read_pem_certificate(certificate_pem_);
    return issuer && encode(X509_get_subject_name(issuer.get())) == certificate.issuer_der;
}

} // namespace relay::auth
