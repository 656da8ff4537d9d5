#include "storage/postgres/sign_in_rows.hpp"

#include "storage/postgres/account_queries.hpp"
#include "storage/postgres/account_rows.hpp"
#include "storage/postgres/event_rows.hpp"
#include "storage/postgres/rows.hpp"

namespace relay::storage::postgres {

using protocol::EventType;
using What = SignInVerdict::What;
namespace sql = account_sql;

namespace {

protocol::DeliveryEvent own_event(EventType type, Time at, const SignInAttempt& attempt) {
    protocol::Actor actor;
    actor.user_id = attempt.user_id.str();
    actor.certificate_sha256 = attempt.certificate_sha256;
    protocol::Subject subject;
    subject.user_id = attempt.user_id.str();
    return account_event(type, at, std::move(actor), std::move(subject));
}

void refuse(pqxx::work& transaction, Time at, const SignInAttempt& attempt, std::string code) {
    auto event = own_event(EventType::session_refused, at, attempt);
    event.code = std::move(code);
    insert_refusal(transaction, std::move(event));
}

void count_failure(pqxx::work& transaction, const SignInAttempt& attempt, int failures, Time now, LockPolicy policy) {
    const bool locks = failures >= policy.lock_after;
    const auto locked_until = locks ? std::optional(now + policy.lock_for) : std::nullopt;
    transaction.exec_prepared0(
        sql::count_failure.name, attempt.user_id.str(), locks ? 0 : failures, to_micros(locked_until)
    );
    auto refused = own_event(EventType::session_refused, now, attempt);
    refused.code = "wrong_credentials";
    insert_event(transaction, std::move(refused));
    if (locks) {
        insert_event(transaction, own_event(EventType::account_locked, now, attempt));
    }
}

struct Judged {
    SignInVerdict verdict;
    Time now;
};

/// Up to the verdict on the password. Unknown and closed users are wrong and leave nothing.
Judged judge(pqxx::work& transaction, const SignInAttempt& attempt, LockPolicy policy) {
    const pqxx::result rows = transaction.exec_prepared(sql::lock_password.name, attempt.user_id.str());
    Judged judged{{}, database_now(transaction)};
    if (rows.empty()) {
        return judged;
    }
    const auto locked_until = optional_time_of(rows[0]["locked_until"]);
    if (locked_until && *locked_until > judged.now) {
        judged.verdict.what = What::locked;
        judged.verdict.retry_after = protocol::seconds_up(*locked_until - judged.now);
        refuse(transaction, judged.now, attempt, "locked_out");
        return judged;
    }
    if (!attempt.password_right || rows[0]["hash"].as<std::string>() != attempt.checked_hash) {
        count_failure(transaction, attempt, rows[0]["failures"].as<int>() + 1, judged.now, policy);
        return judged;
    }
    transaction.exec_prepared0(sql::count_failure.name, attempt.user_id.str(), 0, nullptr);
    judged.verdict.what = What::right_only;
    return judged;
}

} // namespace

SignInVerdict decide_sign_in(pqxx::work& transaction, const SignInAttempt& attempt, LockPolicy policy) {
    auto [verdict, now] = judge(transaction, attempt, policy);
    if (verdict.what != What::right_only) {
        return verdict;
    }
    if (!attempt.may_open) {
        refuse(transaction, now, attempt, attempt.refusal_code);
        return verdict;
    }
    verdict.what = What::opened;
    verdict.expires_at = now + attempt.lifetime;
    transaction.exec_prepared0(
        sql::open_session.name,
        to_bytea(attempt.token_sha256),
        attempt.user_id.str(),
        to_bytea(attempt.certificate_sha256),
        to_micros(now),
        to_micros(verdict.expires_at)
    );
    insert_event(transaction, own_event(EventType::session_opened, now, attempt));
    return verdict;
}

SignInVerdict decide_password_change(
    pqxx::work& transaction, const SignInAttempt& attempt, const std::string& new_hash, LockPolicy policy
) {
    auto [verdict, now] = judge(transaction, attempt, policy);
    if (verdict.what != What::right_only) {
        return verdict;
    }
    transaction.exec_prepared0(sql::set_password.name, attempt.user_id.str(), new_hash, to_micros(now), false);
    transaction.exec_prepared(sql::lock_sessions_of_user.name, attempt.user_id.str());
    const auto version = take_next_version(transaction);
    transaction.exec_prepared0(sql::end_sessions_of_user.name, attempt.user_id.str(), version);
    insert_event(transaction, own_event(EventType::password_changed, now, attempt));
    return verdict;
}

} // namespace relay::storage::postgres
