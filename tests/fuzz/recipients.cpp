// The head of a payload, against OpenSSL's reader of the whole: both must name the same recipients.
#include "protocol/cms/recipients.hpp"

#include "protocol/cms/openssl.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <tuple>

namespace relay::fuzz {

namespace {

using namespace protocol;
using cms::RecipientName;

RecipientName name_of(const ASN1_OCTET_STRING* key, const X509_NAME* issuer, const ASN1_INTEGER* serial) {
    RecipientName name;
    if (key != nullptr) {
        name.key_identifier.assign(key->data, key->data + key->length);
    } else {
        name.issuer_der = cms::encode(issuer);
        name.serial = cms::content_octets(serial);
    }
    return name;
}

void add_names(CMS_RecipientInfo* info, std::vector<RecipientName>& names) {
    ASN1_OCTET_STRING* key = nullptr;
    X509_NAME* issuer = nullptr;
    ASN1_INTEGER* serial = nullptr;
    if (CMS_RecipientInfo_type(info) == CMS_RECIPINFO_TRANS) {
        require(CMS_RecipientInfo_ktri_get0_signer_id(info, &key, &issuer, &serial) == 1, "key transport is named");
        names.push_back(name_of(key, issuer, serial));
        return;
    }
    require(CMS_RecipientInfo_type(info) == CMS_RECIPINFO_AGREE, "two kinds of recipients are taken");
    STACK_OF(CMS_RecipientEncryptedKey)* keys = CMS_RecipientInfo_kari_get0_reks(info);
    for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num(keys); ++i) {
        CMS_RecipientEncryptedKey* one = sk_CMS_RecipientEncryptedKey_value(keys, i);
        require(
            CMS_RecipientEncryptedKey_get0_id(one, &key, nullptr, nullptr, &issuer, &serial) == 1,
            "key agreement is named"
        );
        names.push_back(name_of(key, issuer, serial));
    }
}

bool are_equal(const std::vector<RecipientName>& a, const std::vector<RecipientName>& b) {
    const auto facts = [](const RecipientName& n) { return std::tie(n.issuer_der, n.serial, n.key_identifier); };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](const RecipientName& x, const RecipientName& y) {
        return facts(x) == facts(y);
    });
}

void compare(BytesView payload, const cms::PayloadHead& head) {
    const cms::ErrorQueueGuard guard;
    const std::uint8_t* at = payload.data();
    const cms::CmsPtr whole(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(payload.size())));
    if (!whole) {
        return; // the head says nothing of what comes behind it
    }
    require(OBJ_obj2nid(CMS_get0_type(whole.get())) == NID_id_smime_ct_authEnvelopedData, "both see the type");
    STACK_OF(CMS_RecipientInfo)* infos = CMS_get0_RecipientInfos(whole.get());
    std::vector<RecipientName> names;
    for (int i = 0; i < sk_CMS_RecipientInfo_num(infos); ++i) {
        add_names(sk_CMS_RecipientInfo_value(infos, i), names);
    }
    require(are_equal(names, head.recipients), "both name the same recipients");
}

} // namespace

void judge(BytesView input) {
    const auto size = static_cast<std::int64_t>(input.size());
    const auto head = cms::read_head(input, size);
    const auto longer = cms::read_head(input, size + 5000);
    if (!head) {
        require(head.error().code == ErrorCode::not_encrypted_for_recipient, "one refusal there is");
        require(!head.error().cause.empty(), "a refusal has a cause");
        return;
    }
    require(!head->recipients.empty() && head->recipients.size() <= 20, "1 to 20 recipients");
    for (const auto& name : head->recipients) {
        require(
            name.key_identifier.empty() ? !name.issuer_der.empty() && !name.serial.empty()
                                        : name.issuer_der.empty() && name.serial.empty(),
            "a recipient is named in one way"
        );
    }
    require(!head->definite_size || *head->definite_size == size, "a definite size is the declared one");
    require(longer.has_value() == !head->definite_size, "a definite size fits one declared size alone");
    const auto cut = cms::read_head(input.first(input.size() / 2), size);
    require(cut.has_error() || are_equal(cut->recipients, head->recipients), "a cut head names the same or nobody");
    compare(input, *head);
}

} // namespace relay::fuzz
