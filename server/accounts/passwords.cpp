#include "server/accounts/passwords.hpp"

#include <algorithm>

namespace relay::server::accounts {

using protocol::Error;
using protocol::ErrorCode;

namespace {

/// Clocks of server and database may differ by so much; only the database decides within it.
constexpr std::chrono::seconds clock_tolerance{5};

} // namespace

PasswordPolicy PasswordPolicy::of(const Config& config) {
    PasswordPolicy policy;
    policy.cost.memory_bytes = static_cast<std::size_t>(config.passwords.memory);
    policy.cost.passes = static_cast<unsigned>(config.passwords.passes);
    policy.lifetime = config.passwords.lifetime;
    policy.lock.lock_after = config.sessions.lock_after;
    policy.lock.lock_for = config.sessions.lock_for;
    return policy;
}

std::vector<protocol::Finding> check_new_password(std::string_view password, const std::vector<std::string>& history) {
    auto findings = auth::check_password_rules(password);
    if (findings.empty() && std::any_of(history.begin(), history.end(), [&](const std::string& hash) {
            return auth::verify_password(password, hash);
        })) {
        findings.push_back(
            {"/new",
             "reused",
             "最近使った3つのパスワードは使えません。別のパスワードを決めてください。",
             "This is one of the last three passwords. Choose another one."}
        );
    }
    return findings;
}

Result<void> judge_claimed_user(const UserId& user_id, const PeerCertificate& peer) {
    if (user_id.is_agent()) {
        return Error(ErrorCode::agent_user_id, "a billing agent's user ID");
    }
    if (peer.user_id != user_id) {
        return Error(ErrorCode::wrong_certificate, "the certificate is another user's");
    }
    return {};
}

std::optional<Error> refusal_of(const storage::SignInVerdict& verdict) {
    switch (verdict.what) {
    case storage::SignInVerdict::What::locked:
        return Error(ErrorCode::locked_out).after(std::max(verdict.retry_after, 1));
    case storage::SignInVerdict::What::wrong:
        return Error(ErrorCode::wrong_credentials);
    case storage::SignInVerdict::What::opened:
    case storage::SignInVerdict::What::right_only:
        break;
    }
    return std::nullopt;
}

Awaitable<Result<void>> Passwords::identify(const UserId& user_id, const PeerCertificate& peer) {
    auto judged = judge_claimed_user(user_id, peer);
    if (judged) {
        co_return judged;
    }
    auto actor = peer.actor();
    auto code = std::string(protocol::to_string(judged.error().code));
    const auto recorded = co_await store_.record_refusal(std::move(actor), std::move(code));
    if (!recorded) {
        co_return recorded.error();
    }
    co_return judged;
}

Awaitable<Result<CheckedPassword>>
Passwords::compare(UserId user_id, protocol::Actor actor, std::string password, Time now) {
    auto found = co_await store_.find_password(user_id);
    if (!found) {
        co_return found.error();
    }
    CheckedPassword checked;
    if (found->has_value()) {
        checked.row = std::move(**found);
    }
    if (checked.row.locked_until && *checked.row.locked_until > now + clock_tolerance) {
        const int retry_after = protocol::seconds_up(*checked.row.locked_until - now);
        const auto recorded =
            co_await store_.record_refusal(std::move(actor), std::string(protocol::to_string(ErrorCode::locked_out)));
        if (!recorded) {
            co_return recorded.error();
        }
        co_return Error(ErrorCode::locked_out).after(retry_after);
    }
    auto turn = turns_.take(user_id);
    if (!turn) {
        co_return Error(ErrorCode::too_many_requests, "this account's passwords are being checked").after(1);
    }
    checked.turn = std::move(*turn);
    const bool known = !checked.row.hash.empty();
    std::function<bool()> job = [given = std::move(password), hash = checked.row.hash, cost = policy_.cost, known] {
        return auth::verify_password(given, known ? hash : auth::decoy_hash(cost)) && known;
    };
    const auto right = co_await pool_.submit<bool>(std::move(job));
    if (!right) {
        co_return right.error();
    }
    checked.right = *right;
    co_return checked;
}

storage::SignInAttempt
Passwords::make_attempt(const UserId& user_id, const PeerCertificate& peer, const CheckedPassword& checked) {
    storage::SignInAttempt attempt;
    attempt.user_id = user_id;
    attempt.certificate_sha256 = peer.sha256;
    attempt.checked_hash = checked.row.hash;
    attempt.password_right = checked.right;
    return attempt;
}

bool Passwords::must_change(const storage::PasswordRow& row, Time now) const {
    return row.temporary || expires_at(row) <= now;
}

Awaitable<Result<void>> Passwords::change(Change change, PeerCertificate peer, Time now) {
    const auto identified = co_await identify(change.user_id, peer);
    if (!identified) {
        co_return identified.error();
    }
    auto actor = peer.actor();
    const auto checked = co_await compare(change.user_id, std::move(actor), std::move(change.old_password), now);
    if (!checked) {
        co_return checked.error();
    }
    std::optional<NewPassword> prepared;
    if (checked->right) {
        auto history = checked->row.history;
        auto made = co_await prepare(std::move(change.new_password), std::move(history));
        if (!made) {
            co_return made.error();
        }
        if (!made->hash) {
            co_return made->hash.error();
        }
        prepared = std::move(*made);
    }
    auto attempt = make_attempt(change.user_id, peer, *checked);
    const auto verdict = co_await record_change(std::move(attempt), prepared);
    if (!verdict) {
        co_return verdict.error();
    }
    const auto refusal = refusal_of(*verdict);
    if (refusal) {
        co_return *refusal;
    }
    if (!prepared->findings.empty()) {
        co_return Error(ErrorCode::bad_password, std::move(prepared->findings));
    }
    co_return Result<void>();
}

Awaitable<Result<Passwords::NewPassword>> Passwords::prepare(std::string password, std::vector<std::string> history) {
    std::function<NewPassword()> job = [given = std::move(password), hashes = std::move(history), cost = policy_.cost] {
        NewPassword made;
        made.findings = check_new_password(given, hashes);
        if (made.findings.empty()) {
            made.hash = auth::hash_password(given, cost);
        }
        return made;
    };
    return pool_.submit<NewPassword>(std::move(job));
}

Awaitable<Result<storage::SignInVerdict>>
Passwords::record_change(storage::SignInAttempt attempt, const std::optional<NewPassword>& prepared) {
    if (prepared && prepared->findings.empty()) {
        return store_.change_password(std::move(attempt), *prepared->hash, policy_.lock);
    }
    // Wrong, or right with a new one that will not do: whoever guesses must pass the lock to learn which.
    attempt.may_open = false;
    attempt.refusal_code = protocol::to_string(ErrorCode::bad_password);
    return store_.record_sign_in(std::move(attempt), policy_.lock);
}

} // namespace relay::server::accounts
