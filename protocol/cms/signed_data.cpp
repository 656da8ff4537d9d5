#include "protocol/cms/signed_data.hpp"

#include "protocol/cms/ber_reader.hpp"
#include "protocol/cms/openssl.hpp"

#include <algorithm>
#include <array>

namespace relay::protocol::cms {
namespace {

constexpr std::size_t max_signed_data = 1024 * 1024;
// Of certificates, CRLs, digest algorithms: decoding one certificate costs 100 µs, and a structure full of them must
// not occupy a thread.
constexpr std::size_t max_elements = 16;

Error refuse(std::string_view reason) {
    return Error(ErrorCode::bad_signature, "CMS: " + std::string(reason));
}

BytesView view_of(const ASN1_STRING* string) {
    const int length = ASN1_STRING_length(string);
    return length <= 0 ? BytesView{} : BytesView(ASN1_STRING_get0_data(string), static_cast<std::size_t>(length));
}

/// Reads a set to its end; at most `limit` elements.
void skip_elements(BerReader& reader, std::uint8_t identifier, std::size_t limit) {
    reader.enter(identifier);
    for (std::size_t count = 0; !reader.at_end(); ++count) {
        reader.skip();
        if (count >= limit) {
            reader.fail("too many elements");
        }
    }
    reader.leave();
}

/// Looks at the outline before OpenSSL decodes anything: the work to come is bounded and nothing trails.
std::string_view check_outline(BytesView signed_data) {
    BerReader reader(signed_data);
    reader.enter(tag::sequence);
    reader.read(tag::object_identifier);
    reader.enter(tag::context_constructed(0));
    reader.enter(tag::sequence);
    reader.read(tag::integer);
    skip_elements(reader, tag::set, max_elements);                    // digestAlgorithms
    reader.skip(tag::sequence);                                       // encapContentInfo
    skip_elements(reader, tag::context_constructed(0), max_elements); // certificates
    if (reader.peek() == tag::context_constructed(1)) {
        skip_elements(reader, tag::context_constructed(1), max_elements); // crls
    }
    reader.enter(tag::set);
    reader.skip(tag::sequence);
    reader.leave(); // fails at a second SignerInfo
    reader.leave();
    reader.leave();
    reader.leave();
    if (!reader.at_end()) {
        reader.fail("bytes behind the structure");
    }
    return reader.reason();
}

/// The value of a signed attribute that is there exactly once with exactly one value; else null.
const ASN1_TYPE* sole_attribute(const CMS_SignerInfo* signer, int nid) {
    const int at = CMS_signed_get_attr_by_NID(signer, nid, -1);
    if (at < 0 || CMS_signed_get_attr_by_NID(signer, nid, at) >= 0) {
        return nullptr;
    }
    X509_ATTRIBUTE* attribute = CMS_signed_get_attr(signer, at);
    return X509_ATTRIBUTE_count(attribute) == 1 ? X509_ATTRIBUTE_get0_type(attribute, 0) : nullptr;
}

const EVP_MD* digest_of_oid(BytesView oid) {
    // 2.16.840.1.101.3.4.2.{1,2,3}
    constexpr std::array<std::uint8_t, 8> hash_algorithms{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02};
    if (oid.size() != hash_algorithms.size() + 1 ||
        !std::ranges::equal(oid.first(hash_algorithms.size()), hash_algorithms)) {
        return nullptr;
    }
    switch (oid.back()) {
    case 1:
        return EVP_sha256();
    case 2:
        return EVP_sha384();
    case 3:
        return EVP_sha512();
    default:
        return nullptr;
    }
}

Bytes digest(const EVP_MD* algorithm, BytesView data) {
    Bytes out(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    if (EVP_Digest(data.data(), data.size(), out.data(), &size, algorithm, nullptr) != 1) {
        size = 0;
    }
    out.resize(size);
    return out;
}

/// The first ESSCertIDv2 of signing-certificate-v2 (RFC 5035 §3) names this very certificate.
bool names_certificate(BytesView signing_certificate_v2, const X509* certificate, BytesView certificate_der) {
    BerReader reader(signing_certificate_v2);
    reader.enter(tag::sequence);
    reader.enter(tag::sequence);
    reader.enter(tag::sequence);
    const EVP_MD* algorithm = EVP_sha256();
    if (reader.peek() == tag::sequence) {
        reader.enter(tag::sequence);
        algorithm = digest_of_oid(reader.read(tag::object_identifier));
        if (!reader.at_end()) {
            reader.skip();
        }
        reader.leave();
    }
    const BytesView hash = reader.read(tag::octet_string);
    if (reader.failed() || algorithm == nullptr || !std::ranges::equal(hash, digest(algorithm, certificate_der))) {
        return false;
    }
    if (reader.at_end()) {
        return true;
    }
    // IssuerSerial: GeneralNames with the issuer as directoryName [4], then the serial number.
    reader.enter(tag::sequence);
    reader.enter(tag::sequence);
    reader.enter(tag::context_constructed(4));
    const BytesView issuer = reader.skip(tag::sequence);
    reader.leave();
    reader.leave();
    const BytesView serial = reader.read(tag::integer);
    reader.leave();
    reader.leave();
    return !reader.failed() && std::ranges::equal(issuer, encode(X509_get_issuer_name(certificate))) &&
           std::ranges::equal(serial, content_octets(X509_get0_serialNumber(certificate)));
}

/// What is wrong with the signed attributes; empty when nothing is.
std::string_view check_attributes(
    const CMS_SignerInfo* signer,
    BytesView content,
    const EVP_MD* digest_algorithm,
    const X509* certificate,
    BytesView der
) {
    const ASN1_TYPE* content_type = sole_attribute(signer, NID_pkcs9_contentType);
    if (content_type == nullptr || content_type->type != V_ASN1_OBJECT ||
        OBJ_obj2nid(content_type->value.object) != NID_pkcs7_data) {
        return "content-type attribute missing or not id-data";
    }
    const ASN1_TYPE* message_digest = sole_attribute(signer, NID_pkcs9_messageDigest);
    if (message_digest == nullptr || message_digest->type != V_ASN1_OCTET_STRING ||
        !std::ranges::equal(view_of(message_digest->value.octet_string), digest(digest_algorithm, content))) {
        return "message-digest attribute missing or not that of the content";
    }
    const ASN1_TYPE* time = sole_attribute(signer, NID_pkcs9_signingTime);
    if (time == nullptr || (time->type != V_ASN1_UTCTIME && time->type != V_ASN1_GENERALIZEDTIME) ||
        ASN1_TIME_check(time->value.asn1_string) != 1) {
        return "signing-time attribute missing or malformed";
    }
    const ASN1_TYPE* signing_certificate = sole_attribute(signer, NID_id_smime_aa_signingCertificateV2);
    if (signing_certificate == nullptr || signing_certificate->type != V_ASN1_SEQUENCE ||
        !names_certificate(view_of(signing_certificate->value.sequence), certificate, der)) {
        return "signing-certificate-v2 attribute missing or of another certificate";
    }
    return {};
}

/// The included certificate that the SignerInfo names; null when there is none or more than one. Borrowed.
X509* find_signer(STACK_OF(X509) * certificates, CMS_SignerInfo* signer) {
    X509* found = nullptr;
    for (int i = 0; i < sk_X509_num(certificates); ++i) {
        X509* certificate = sk_X509_value(certificates, i);
        if (CMS_SignerInfo_cert_cmp(signer, certificate) == 0) {
            if (found != nullptr) {
                return nullptr;
            }
            found = certificate;
        }
    }
    return found;
}

CmsPtr parse(BytesView signed_data) {
    const std::uint8_t* at = signed_data.data();
    CmsPtr cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(signed_data.size())));
    return at == signed_data.data() + signed_data.size() ? std::move(cms) : nullptr;
}

} // namespace

Result<SignedContent> verify(BytesView signed_data) {
    const ErrorQueueGuard guard;
    if (signed_data.size() > max_signed_data) {
        return refuse("larger than 1 MiB");
    }
    if (const std::string_view reason = check_outline(signed_data); !reason.empty()) {
        return refuse(reason);
    }
    const CmsPtr cms = parse(signed_data);
    if (!cms || OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_pkcs7_signed) {
        return refuse("not a SignedData");
    }
    if (OBJ_obj2nid(CMS_get0_eContentType(cms.get())) != NID_pkcs7_data) {
        return refuse("content type is not id-data");
    }
    ASN1_OCTET_STRING** content = CMS_get0_content(cms.get());
    if (content == nullptr || *content == nullptr) {
        return refuse("detached");
    }
    STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms.get());
    if (sk_CMS_SignerInfo_num(signers) != 1) {
        return refuse("not exactly one signer");
    }
    CMS_SignerInfo* signer = sk_CMS_SignerInfo_value(signers, 0);
    const CertificatesPtr certificates(CMS_get1_certs(cms.get()));
    X509* certificate = find_signer(certificates.get(), signer);
    if (certificate == nullptr) {
        return refuse("signer's certificate not included once");
    }
    EVP_PKEY* key = nullptr;
    X509_ALGOR* digest_algorithm = nullptr;
    X509_ALGOR* signature_algorithm = nullptr;
    CMS_SignerInfo_set1_signer_cert(signer, certificate);
    CMS_SignerInfo_get0_algs(signer, &key, nullptr, &digest_algorithm, &signature_algorithm);
    const ASN1_OBJECT* digest_object = nullptr;
    X509_ALGOR_get0(&digest_object, nullptr, nullptr, digest_algorithm);
    const int digest_nid = OBJ_obj2nid(digest_object);
    if (!is_strong_digest(digest_nid) || !is_strong_key(key) ||
        !is_strong_signature(signature_algorithm, key, digest_nid)) {
        return refuse("algorithm or key not accepted");
    }
    SignedContent out{to_bytes(view_of(*content)), encode(certificate), {}};
    out.signer_sha256 = Digest::of(BytesView(out.signer_certificate));
    const std::string_view reason =
        check_attributes(signer, out.content, EVP_get_digestbynid(digest_nid), certificate, out.signer_certificate);
    if (!reason.empty()) {
        return refuse(reason);
    }
    if (CMS_SignerInfo_verify(signer) != 1) {
        return refuse("signature does not match: " + last_openssl_reason());
    }
    return out;
}

Result<Bytes> sign(BytesView content, std::string_view certificate_pem, std::string_view key_pem) {
    const ErrorQueueGuard guard;
    const X509Ptr certificate = read_pem_certificate(certificate_pem);
    const KeyPtr key = read_pem_key(key_pem);
    if (!certificate || !key) {
        return errors::internal("signing: certificate or key unreadable: " + last_openssl_reason());
    }
    constexpr unsigned flags = CMS_CADES | CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
    const CmsPtr cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, flags));
    const BioPtr input = open_bio(content);
    if (!cms || !input || CMS_add1_signer(cms.get(), certificate.get(), key.get(), EVP_sha256(), flags) == nullptr ||
        CMS_final(cms.get(), input.get(), nullptr, flags) != 1) {
        return errors::internal("signing: " + last_openssl_reason());
    }
    std::uint8_t* der = nullptr;
    const int size = i2d_CMS_ContentInfo(cms.get(), &der);
    const OpensslBytes owned(der);
    if (size <= 0) {
        return errors::internal("signing: " + last_openssl_reason());
    }
    return Bytes(der, der + size);
}

} // namespace relay::protocol::cms
