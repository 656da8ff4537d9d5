// Passwords: the rules of protocol.md §3 and Argon2id by libsodium. Hashing is slow on purpose: never on a network
// thread.
#pragma once

#include "protocol/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relay::auth {

struct PasswordCost {
    std::size_t memory_bytes = 19U << 20U; ///< passwords.memory
    unsigned passes = 2;                   ///< passwords.passes
};

/// Argon2id in the PHC string form, parameters and salt included. The password is taken in NFC.
[[nodiscard]] protocol::Result<std::string> hash_password(std::string_view password, const PasswordCost& cost);
/// Takes as long for a hash that cannot match as for one that can.
[[nodiscard]] bool verify_password(std::string_view password, const std::string& hash);
/// A hash of the same cost that no password matches, so that unknown users take the same time.
[[nodiscard]] const std::string& decoy_hash(const PasswordCost& cost);

/// 8 to 64 code points, a letter [A-Za-z] and a digit at least. Findings point at /new. History is checked by the
/// caller.
[[nodiscard]] std::vector<protocol::Finding> check_password_rules(std::string_view password);

} // namespace relay::auth
