// An office as the load generator plays it: certificate, key, session token. Made by relay-bench-provision.
#pragma once

#include "protocol/cms/openssl.hpp"

#include <string>
#include <vector>

namespace relay::bench {

struct Identity {
    std::string number; ///< the office's
    std::string user_id;
    std::string token;
    std::string certificate_der;
    std::string key_der; ///< as OpenSSL writes the type: SEC 1 for P-256

    [[nodiscard]] protocol::cms::X509Ptr certificate() const;
    [[nodiscard]] protocol::cms::KeyPtr key() const;
};

void write_identities(const std::string& path, const std::vector<Identity>& identities);
/// `count` of them from number `first` on. Throws std::runtime_error when there are fewer.
[[nodiscard]] std::vector<Identity> read_identities(const std::string& path, std::size_t first, std::size_t count);

/// Throws std::runtime_error with OpenSSL's reason.
[[noreturn]] void openssl_failed(const std::string& what);

} // namespace relay::bench
