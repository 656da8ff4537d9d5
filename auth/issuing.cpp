#include "auth/issuing.hpp"

#include "auth/crl_set.hpp"
#include "auth/x509_fields.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace relay::auth {
namespace {

using namespace protocol::cms;

using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, Deleter<ASN1_INTEGER_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Deleter<ASN1_TIME_free>>;
using RevokedPtr = std::unique_ptr<X509_REVOKED, Deleter<X509_REVOKED_free>>;
using ReasonPtr = std::unique_ptr<ASN1_ENUMERATED, Deleter<ASN1_ENUMERATED_free>>;

constexpr auto root_lifetime = std::chrono::hours(24) * 3653;
constexpr auto crl_lifetime = std::chrono::hours(24) * 7;
constexpr auto backdated = std::chrono::hours(1); // clocks of offices differ

struct Extension {
    int nid;
    const char* value; ///< as in openssl.cnf
};

TimePtr asn1_time(Time time) {
    return TimePtr(ASN1_TIME_set(nullptr, std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count()));
}

IntegerPtr to_integer(BytesView octets) {
    const NumberPtr number(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
    return IntegerPtr(number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
}

/// 126 random bits, positive (RFC 5280 §4.1.2.2).
bool set_random_serial(X509* certificate) {
    std::array<std::uint8_t, 16> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
        return false;
    }
    random[0] = static_cast<std::uint8_t>((random[0] & 0x3FU) | 0x40U);
    const IntegerPtr serial = to_integer(random);
    return serial && X509_set_serialNumber(certificate, serial.get()) == 1;
}

bool add_name(X509_NAME* name, int nid, const std::string& value) {
    return X509_NAME_add_entry_by_NID(
               name,
               nid,
               MBSTRING_UTF8,
               reinterpret_cast<const unsigned char*>(value.data()),
               static_cast<int>(value.size()),
               -1,
               0
           ) == 1;
}

template <std::size_t Count>
bool add_extensions(X509* certificate, X509* issuer, const std::array<Extension, Count>& extensions) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    for (const auto& [nid, value] : extensions) {
        const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
        if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) {
            return false;
        }
    }
    return true;
}

bool set_basics(X509* certificate, EVP_PKEY* key, const X509_NAME* issuer, Time from, Time until) {
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_random_serial(certificate) &&
           X509_set_issuer_name(certificate, issuer) == 1 &&
           X509_set1_notBefore(certificate, asn1_time(from).get()) == 1 &&
           X509_set1_notAfter(certificate, asn1_time(until).get()) == 1 && X509_set_pubkey(certificate, key) == 1;
}

template <class Write>
std::string write_pem(Write write) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    if (!bio || write(bio.get()) != 1) {
        return {};
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

/// CRLReason (RFC 5280 §5.3.1); nothing for other words, which then are not told.
std::optional<long> reason_code(std::string_view reason) {
    struct Reason {
        std::string_view name;
        long code;
    };
    constexpr std::array<Reason, 6> reasons{
        {{"keyCompromise", 1},
         {"cACompromise", 2},
         {"affiliationChanged", 3},
         {"superseded", 4},
         {"cessationOfOperation", 5},
         {"privilegeWithdrawn", 9}}};
    for (const auto& [name, code] : reasons) {
        if (name == reason) {
            return code;
        }
    }
    return std::nullopt;
}

RevokedPtr make_entry(const RevokedEntry& revoked) {
    RevokedPtr entry(X509_REVOKED_new());
    const IntegerPtr serial = to_integer(revoked.serial);
    if (!entry || !serial || X509_REVOKED_set_serialNumber(entry.get(), serial.get()) != 1 ||
        X509_REVOKED_set_revocationDate(entry.get(), asn1_time(revoked.at).get()) != 1) {
        return nullptr;
    }
    if (const std::optional<long> code = reason_code(revoked.reason)) {
        const ReasonPtr reason(ASN1_ENUMERATED_new());
        if (!reason || ASN1_ENUMERATED_set(reason.get(), *code) != 1 ||
            X509_REVOKED_add1_ext_i2d(entry.get(), NID_crl_reason, reason.get(), 0, 0) != 1) {
            return nullptr;
        }
    }
    return entry;
}

bool add_crl_extensions(X509_CRL* crl, X509* issuer, Time now) {
    const IntegerPtr number(ASN1_INTEGER_new());
    // Milliseconds only grow, and need no counter that a restored backup could set back.
    if (!number || ASN1_INTEGER_set_int64(number.get(), now.time_since_epoch().count()) != 1 ||
        X509_CRL_add1_ext_i2d(crl, NID_crl_number, number.get(), 0, 0) != 1) {
        return false;
    }
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, nullptr, nullptr, crl, 0);
    const ExtensionPtr key_id(X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
    return key_id && X509_CRL_add_ext(crl, key_id.get(), -1) == 1;
}

} // namespace

X509Ptr make_root(EVP_PKEY* key, Time now) {
    // A name of its own, so that two such CAs in one trust file are never taken for each other.
    std::array<std::uint8_t, 4> random{};
    X509Ptr root(X509_new());
    if (!root || RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
        return nullptr;
    }
    X509_NAME* subject = X509_get_subject_name(root.get());
    constexpr std::array<Extension, 3> extensions{
        {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
         {NID_key_usage, "critical,keyCertSign,cRLSign"},
         {NID_subject_key_identifier, "hash"}}};
    const bool made = add_name(subject, NID_commonName, "Careplan Relay CA " + protocol::to_hex(random)) &&
                      set_basics(root.get(), key, subject, now - backdated, now + root_lifetime) &&
                      add_extensions(root.get(), root.get(), extensions) &&
                      X509_sign(root.get(), key, EVP_sha256()) > 0;
    return made ? std::move(root) : nullptr;
}

X509Ptr make_leaf(
    const LeafNames& names, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key, protocol::Duration lifetime, Time now
) {
    X509Ptr leaf(X509_new());
    const std::optional<Time> issuer_end = to_time(X509_get0_notAfter(issuer));
    if (!leaf || !issuer_end) {
        return nullptr;
    }
    X509_NAME* subject = X509_get_subject_name(leaf.get());
    const bool named = (names.organization_identifier.empty() ||
                        add_name(subject, NID_organizationIdentifier, names.organization_identifier)) &&
                       add_name(subject, NID_commonName, names.common_name);
    const bool rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    const std::array<Extension, 5> extensions{
        {{NID_basic_constraints, "critical,CA:FALSE"},
         {NID_key_usage, rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature,keyAgreement"},
         {NID_ext_key_usage, "clientAuth,emailProtection"},
         {NID_subject_key_identifier, "hash"},
         {NID_authority_key_identifier, "keyid:always"}}};
    const bool made =
        named &&
        set_basics(
            leaf.get(), key, X509_get_subject_name(issuer), now - backdated, std::min(now + lifetime, *issuer_end)
        ) &&
        add_extensions(leaf.get(), issuer, extensions) && X509_sign(leaf.get(), issuer_key, EVP_sha256()) > 0;
    return made ? std::move(leaf) : nullptr;
}

std::string make_crl(const std::vector<RevokedEntry>& revoked, X509* issuer, EVP_PKEY* issuer_key, Time now) {
    const CrlPtr crl(X509_CRL_new());
    if (!crl || X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) != 1 ||
        X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer)) != 1 ||
        X509_CRL_set1_lastUpdate(crl.get(), asn1_time(now).get()) != 1 ||
        X509_CRL_set1_nextUpdate(crl.get(), asn1_time(now + crl_lifetime).get()) != 1 ||
        !add_crl_extensions(crl.get(), issuer, now)) {
        return {};
    }
    for (const RevokedEntry& one : revoked) {
        RevokedPtr entry = make_entry(one);
        if (!entry || X509_CRL_add0_revoked(crl.get(), entry.get()) != 1) {
            return {};
        }
        static_cast<void>(entry.release());
    }
    if (X509_CRL_sort(crl.get()) != 1 || X509_CRL_sign(crl.get(), issuer_key, EVP_sha256()) <= 0) {
        return {};
    }
    return write_pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, crl.get()); });
}

std::string private_key_pem(EVP_PKEY* key) {
    return write_pem([key](BIO* bio) {
        return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

} // namespace relay::auth
