#include "auth/crl_set.hpp"

#include "auth/x509_fields.hpp"

#include <algorithm>

namespace relay::auth {
namespace {

using protocol::Bytes;
using protocol::Time;
using protocol::cms::Deleter;

Bytes extension_of(const X509_CRL* crl, int nid) {
    const int at = X509_CRL_get_ext_by_NID(crl, nid, -1);
    if (at < 0) {
        return {};
    }
    const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(X509_CRL_get_ext(crl, at));
    return {value->data, value->data + value->length};
}

Bytes crl_number(const X509_CRL* crl) {
    const std::unique_ptr<ASN1_INTEGER, Deleter<ASN1_INTEGER_free>> number(
        static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl, NID_crl_number, nullptr, nullptr))
    );
    return number ? protocol::cms::content_octets(number.get()) : Bytes{};
}

/// Not older than what is there; of two made in the same second the one with the higher number, else the later read.
bool supersedes(const X509_CRL* candidate, const X509_CRL* there) {
    const auto a = to_time(X509_CRL_get0_lastUpdate(candidate));
    const auto b = to_time(X509_CRL_get0_lastUpdate(there));
    if (a != b) {
        return a > b;
    }
    const Bytes x = crl_number(candidate);
    const Bytes y = crl_number(there);
    return x.size() != y.size() ? x.size() > y.size() : x >= y;
}

} // namespace

CrlSet::Scope CrlSet::scope_of(const X509_CRL* crl) {
    return {
        protocol::cms::encode(X509_CRL_get_issuer(crl)),
        extension_of(crl, NID_authority_key_identifier),
        extension_of(crl, NID_issuing_distribution_point),
        X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0};
}

void CrlSet::add(CrlPtr crl) {
    CrlPtr& there = crls_[scope_of(crl.get())];
    if (!there || supersedes(crl.get(), there.get())) {
        there = std::move(crl);
    }
}

bool CrlSet::has_crl_of(const X509_NAME* issuer) const {
    return std::ranges::any_of(crls_, [&](const auto& entry) {
        return X509_NAME_cmp(X509_CRL_get_issuer(entry.second.get()), issuer) == 0;
    });
}

void CrlSet::add_to(X509_STORE* store) const {
    for (const auto& [scope, crl] : crls_) {
        X509_STORE_add_crl(store, crl.get());
    }
}

std::optional<Time> CrlSet::first_next_update() const {
    std::optional<Time> first;
    for (const auto& [scope, crl] : crls_) {
        const std::optional<Time> next = to_time(X509_CRL_get0_nextUpdate(crl.get()));
        if (next && (!first || *next < *first)) {
            first = next;
        }
    }
    return first;
}

} // namespace relay::auth
