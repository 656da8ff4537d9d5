#include "auth/x509_fields.hpp"

#include "protocol/cms/openssl.hpp"

namespace relay::auth {

std::optional<std::string> sole_common_name(const X509_NAME* subject) {
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
        return std::nullopt;
    }
    std::uint8_t* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    const protocol::cms::OpensslBytes owned(text);
    return size < 0 ? std::nullopt : std::optional<std::string>(std::in_place, text, text + size);
}

} // namespace relay::auth
