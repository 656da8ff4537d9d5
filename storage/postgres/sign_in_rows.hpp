// The lockout and what follows from it, inside one transaction (docs/architecture.md, "Data"): the slow hash was
// reckoned before; the row's lock decides, so that parallel guesses learn no more than serial ones.
#pragma once

#include "storage/account_store.hpp"

#include <pqxx/pqxx>

#include <string>

namespace relay::storage::postgres {

/// Counts or clears failures, locks, opens the session; with session_opened, session_refused or account_locked.
[[nodiscard]] SignInVerdict decide_sign_in(pqxx::work& transaction, const SignInAttempt& attempt, LockPolicy policy);

/// As a sign-in; when right, the new hash is set, every session of the user ends, password_changed is written.
[[nodiscard]] SignInVerdict decide_password_change(
    pqxx::work& transaction, const SignInAttempt& attempt, const std::string& new_hash, LockPolicy policy
);

} // namespace relay::storage::postgres
