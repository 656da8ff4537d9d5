#include "protocol/cms/openssl.hpp"

#include "protocol/cms/ber_reader.hpp"

#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/pem.h>

#include <array>
#include <limits>

namespace relay::protocol::cms {
namespace {

int nid_of(const X509_ALGOR* algorithm) {
    const ASN1_OBJECT* object = nullptr;
    X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
    return OBJ_obj2nid(object);
}

bool is_strong_pss(const X509_ALGOR* algorithm, int digest_nid) {
    int type = V_ASN1_UNDEF;
    const void* value = nullptr;
    X509_ALGOR_get0(nullptr, &type, &value, algorithm);
    if (type != V_ASN1_SEQUENCE) {
        return false;
    }
    const PssPtr parameters(static_cast<RSA_PSS_PARAMS*>(
        ASN1_item_unpack(static_cast<const ASN1_STRING*>(value), ASN1_ITEM_rptr(RSA_PSS_PARAMS))
    ));
    // Absent algorithms mean SHA-1 (RFC 4055 §3.1).
    if (!parameters || parameters->hashAlgorithm == nullptr || parameters->maskGenAlgorithm == nullptr) {
        return false;
    }
    const int hash = nid_of(parameters->hashAlgorithm);
    if (!is_strong_digest(hash) || (digest_nid != NID_undef && hash != digest_nid)) {
        return false;
    }
    if (nid_of(parameters->maskGenAlgorithm) != NID_mgf1) {
        return false;
    }
    const std::unique_ptr<X509_ALGOR, Deleter<X509_ALGOR_free>> mask(
        parameters->maskGenAlgorithm->parameter == nullptr ||
                parameters->maskGenAlgorithm->parameter->type != V_ASN1_SEQUENCE
            ? nullptr
            : static_cast<X509_ALGOR*>(
                  ASN1_item_unpack(parameters->maskGenAlgorithm->parameter->value.sequence, ASN1_ITEM_rptr(X509_ALGOR))
              )
    );
    if (!mask || !is_strong_digest(nid_of(mask.get()))) {
        return false;
    }
    const bool usual_trailer = parameters->trailerField == nullptr || ASN1_INTEGER_get(parameters->trailerField) == 1;
    const long salt = parameters->saltLength == nullptr ? 20 : ASN1_INTEGER_get(parameters->saltLength);
    return usual_trailer && salt >= 0 && salt <= 512;
}

} // namespace

std::string last_openssl_reason() {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "no reason given" : reason;
}

int refuse_passphrase(char*, int, int, void*) {
    return -1;
}

BioPtr open_bio(BytesView bytes) {
    if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
        return nullptr;
    }
    return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

X509Ptr read_pem_certificate(std::string_view pem) {
    const BioPtr bio = open_bio(as_bytes(pem));
    return X509Ptr(bio ? PEM_read_bio_X509(bio.get(), nullptr, refuse_passphrase, nullptr) : nullptr);
}

KeyPtr read_pem_key(std::string_view pem) {
    const BioPtr bio = open_bio(as_bytes(pem));
    return KeyPtr(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, nullptr) : nullptr);
}

Bytes encode(const X509* certificate) {
    std::uint8_t* der = nullptr;
    const int size = i2d_X509(certificate, &der);
    const OpensslBytes owned(der);
    return size <= 0 ? Bytes{} : Bytes(der, der + size);
}

Bytes encode(const X509_NAME* name) {
    const std::uint8_t* der = nullptr;
    std::size_t size = 0;
    return X509_NAME_get0_der(name, &der, &size) == 1 ? Bytes(der, der + size) : Bytes{};
}

Bytes content_octets(const ASN1_INTEGER* number) {
    std::uint8_t* der = nullptr;
    const int size = i2d_ASN1_INTEGER(number, &der);
    const OpensslBytes owned(der);
    return size <= 0 ? Bytes{} : to_bytes(BerReader({der, static_cast<std::size_t>(size)}).read(tag::integer));
}

bool is_strong_key(const EVP_PKEY* key) noexcept {
    if (key == nullptr) {
        return false;
    }
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        return EVP_PKEY_get_bits(key) >= 2048;
    case EVP_PKEY_EC: {
        int from_explicit = 0;
        if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &from_explicit) != 1 ||
            from_explicit != 0) {
            return false;
        }
        std::array<char, 64> group{};
        std::size_t length = 0;
        if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) != 1) {
            return false;
        }
        const int nid = OBJ_txt2nid(group.data());
        return nid == NID_X9_62_prime256v1 || nid == NID_secp384r1;
    }
    default:
        return false;
    }
}

bool is_strong_digest(int nid) noexcept {
    return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

bool is_strong_signature(const X509_ALGOR* algorithm, const EVP_PKEY* key, int digest_nid) noexcept {
    if (algorithm == nullptr || key == nullptr) {
        return false;
    }
    const int key_kind = EVP_PKEY_get_base_id(key);
    const int nid = nid_of(algorithm);
    if (nid == NID_rsassaPss) {
        return (key_kind == EVP_PKEY_RSA || key_kind == EVP_PKEY_RSA_PSS) && is_strong_pss(algorithm, digest_nid);
    }
    if (nid == NID_rsaEncryption) {
        return key_kind == EVP_PKEY_RSA && is_strong_digest(digest_nid);
    }
    int digest = NID_undef;
    int kind = NID_undef;
    if (OBJ_find_sigid_algs(nid, &digest, &kind) != 1 || !is_strong_digest(digest) ||
        (digest_nid != NID_undef && digest != digest_nid)) {
        return false;
    }
    return (kind == NID_rsaEncryption && key_kind == EVP_PKEY_RSA) ||
           (kind == NID_X9_62_id_ecPublicKey && key_kind == EVP_PKEY_EC);
}

} // namespace relay::protocol::cms
