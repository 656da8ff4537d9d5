// Commits that are held in the middle, for tests of what happens to them there.
#pragma once

#include "tests/unit/storage/bundle_fixture.hpp"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include <optional>
#include <thread>

namespace relay::test {

using storage::postgres::PgBundleStore;
using Accepted = std::optional<Result<AcceptOutcome>>;

/// Starts an acceptance and does not wait for it.
inline void start(boost::asio::io_context& context, PgBundleStore& store, AcceptItem item, Accepted& answer) {
    boost::asio::co_spawn(
        context.get_executor(),
        store.accept(std::move(item)),
        [&answer](std::exception_ptr, Result<AcceptOutcome> result) { answer.emplace(std::move(result)); }
    );
    context.poll();
}

/// Somebody who holds the sender's mailbox, so that a group with an acceptance waits.
class MailboxHolder {
public:
    explicit MailboxHolder(const BundleDatabase& db) : connection_(db.database.owner_url()), work_(connection_) {
        work_.exec("SELECT FROM mailboxes WHERE office = '2670100011' FOR UPDATE");
    }
    void release() { work_.abort(); }

private:
    pqxx::connection connection_;
    pqxx::work work_;
};

inline void wait_until(const BundleDatabase& db, const std::string& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (db.value("SELECT " + condition) != "t") {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
    }
}

inline constexpr const char* writer_waits =
    "EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'careplan-relay writer' "
    "AND datname = current_database() AND wait_event_type = 'Lock')";

inline PgBundleStore::Limits one_writer() {
    PgBundleStore::Limits limits;
    limits.writers = 1;
    return limits;
}

/// As a client does: `unavailable` means that nothing was kept, and is repeated.
template <class Call>
auto insist(Call call) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    auto answer = run_coro(call());
    while (answer.has_error() && answer.error().code == protocol::ErrorCode::unavailable &&
           std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
        answer = run_coro(call());
    }
    return answer;
}

} // namespace relay::test
