// One chain check by OpenSSL and by rules of our own. Included by sources only.
#pragma once

#include "auth/crl_set.hpp"
#include "auth/trust.hpp"

#include <vector>

namespace relay::auth {

struct ChainOutcome {
    ChainVerdict verdict = ChainVerdict::wrong_chain;
    int openssl_error = X509_V_ERR_UNSPECIFIED; ///< decides the TLS alert
    Time from;                                  ///< good: every certificate of the chain is valid from…
    Time until;                                 ///< …until
};

struct CheckedChain {
    ChainOutcome outcome;
    std::vector<protocol::cms::X509Ptr> between; ///< good: the CAs between leaf and anchor
};

/// `store` has the CAs and CRLs and the purpose; `crls` tells which CAs have a CRL at all.
[[nodiscard]] CheckedChain
check_chain(X509_STORE* store, const CrlSet& crls, X509* leaf, STACK_OF(X509) * untrusted, Time now);

} // namespace relay::auth
