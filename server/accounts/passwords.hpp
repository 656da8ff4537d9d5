// Passwords as people give them: rules and history, the check under lock that sign-in shares, and PUT /v1/password.
#pragma once

#include "auth/password.hpp"
#include "server/accounts/argon_pool.hpp"
#include "server/accounts/peer_certificate.hpp"
#include "server/accounts/turns.hpp"
#include "server/config.hpp"
#include "storage/account_store.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::server::accounts {

/// What a new password must be, history included (`history`: hashes of the last three). Takes up to four Argon2id
/// verifications: never on a network thread. Findings point at /new.
[[nodiscard]] std::vector<protocol::Finding>
check_new_password(std::string_view password, const std::vector<std::string>& history);

/// From the configuration.
struct PasswordPolicy {
    auth::PasswordCost cost;
    protocol::Duration lifetime{};
    storage::LockPolicy lock;

    [[nodiscard]] static PasswordPolicy of(const Config& config);
};

/// Whether a request may name this account: agent, then certificate (protocol.md §3). The account itself is not looked
/// up: the answer and its time are the same whether the user ID exists or not. Errors: agent_user_id,
/// wrong_certificate.
[[nodiscard]] Result<void> judge_claimed_user(const UserId& user_id, const PeerCertificate& peer);

/// A password that was compared with the stored one. Whether the account is locked by now is decided when it is
/// recorded.
struct CheckedPassword {
    storage::PasswordRow row;
    bool right = false;
    Turns::Turn turn; ///< held until the attempt is recorded
};

/// Thread-safe.
class Passwords {
public:
    /// Of one account's sign-ins and changes at once, whose terminals may begin their day together: the pool's queue is
    /// everybody's.
    static constexpr int most_checks_of_one = 8;

    Passwords(storage::AccountStore& store, ArgonPool& pool, PasswordPolicy policy)
        : store_(store),
          pool_(pool),
          policy_(std::move(policy)) {}

    /// The stages before the password, with their session_refused. Errors: those of judge_claimed_user.
    [[nodiscard]] Awaitable<Result<void>> identify(const UserId& user_id, const PeerCertificate& peer);
    /// Compares. Errors: locked_out (already known to be; no hash is spent), too_many_requests, unavailable.
    [[nodiscard]] Awaitable<Result<CheckedPassword>>
    compare(UserId user_id, protocol::Actor actor, std::string password, Time now);
    /// An attempt with what `checked` found, for AccountStore.
    [[nodiscard]] static storage::SignInAttempt
    make_attempt(const UserId& user_id, const PeerCertificate& peer, const CheckedPassword& checked);
    /// Expired or temporary: no session is opened with it.
    [[nodiscard]] bool must_change(const storage::PasswordRow& row, Time now) const;
    [[nodiscard]] Time expires_at(const storage::PasswordRow& row) const { return row.set_at + policy_.lifetime; }
    [[nodiscard]] const PasswordPolicy& policy() const noexcept { return policy_; }

    struct Change {
        UserId user_id;
        std::string old_password, new_password;
    };
    /// Every session of the user ends. Errors: those of identify() and compare(), wrong_credentials, bad_password with
    /// findings at /new.
    [[nodiscard]] Awaitable<Result<void>> change(Change change, PeerCertificate peer, Time now);

private:
    struct NewPassword {
        std::vector<protocol::Finding> findings;
        Result<std::string> hash = std::string();
    };
    Awaitable<Result<NewPassword>> prepare(std::string password, std::vector<std::string> history);
    Awaitable<Result<storage::SignInVerdict>>
    record_change(storage::SignInAttempt attempt, const std::optional<NewPassword>& prepared);

    storage::AccountStore& store_;
    ArgonPool& pool_;
    PasswordPolicy policy_;
    Turns turns_{most_checks_of_one};
};

/// The refusal that a verdict stands for; nothing for `opened` and `right_only`.
[[nodiscard]] std::optional<protocol::Error> refusal_of(const storage::SignInVerdict& verdict);

} // namespace relay::server::accounts
