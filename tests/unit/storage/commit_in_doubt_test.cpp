#include "tests/support/postgres_proxy.hpp"
#include "tests/unit/storage/held_commit.hpp"

#include <catch2/catch.hpp>

using namespace relay;
using namespace relay::test;
using protocol::ErrorCode;
using Types = std::vector<std::string>;

namespace {

std::string socket_folder(const BundleDatabase& db) {
    const std::string url = db.database.url();
    return url.substr(5, url.find(' ') - 5); // host=FOLDER dbname=…
}

/// Whoever repeats it: the same manifest, another attempt.
AcceptItem again(AcceptItem item) {
    item.upload_id = new_upload_id();
    item.attempt = attempt_of(item.attempt.actor.user_id);
    return item;
}

/// While it lives, every commit waits for a standby that does not exist.
class MissingStandby {
public:
    explicit MissingStandby(const BundleDatabase& db) : db_(db) { set("nobody"); }
    ~MissingStandby() { set(""); }
    MissingStandby(const MissingStandby&) = delete;
    MissingStandby& operator=(const MissingStandby&) = delete;

private:
    void set(const std::string& name) {
        db_.database.sql("ALTER SYSTEM SET synchronous_standby_names = '" + name + "'");
        db_.database.sql("SELECT pg_reload_conf()");
        wait_until(db_, "current_setting('synchronous_standby_names') = '" + name + "'");
    }
    const BundleDatabase& db_;
};

} // namespace

TEST_CASE("A commit whose answer is lost is found by its key and answered as what it was", "[storage]") {
    BundleDatabase db;
    PostgresProxy proxy(socket_folder(db));
    db.options.url = proxy.through(db.options.url);
    const auto store = db.open(one_writer());
    REQUIRE(run_coro(store->accept(whole())).has_value());
    const auto item = whole();
    boost::asio::io_context context;
    Accepted answer;
    proxy.swallow_answers();
    start(context, *store.bundles, item, answer);
    wait_until(db, "EXISTS (SELECT FROM bundles WHERE bundle_id = '" + item.bundle_id.str() + "')");
    CHECK_FALSE(answer);
    proxy.cut_clients();
    proxy.end_servers();
    context.run_for(std::chrono::seconds(20));
    REQUIRE((answer && answer->has_value()));
    CHECK((**answer).what == AcceptOutcome::What::created);
    CHECK(proxy.has_swallowed());
    CHECK(db.events(item.bundle_id) == Types{"bundle_accepted"});
}

TEST_CASE("While the predecessor may still commit the outcome is not guessed", "[storage]") {
    BundleDatabase db;
    PostgresProxy proxy(socket_folder(db));
    db.options.url = proxy.through(db.options.url);
    auto limits = one_writer();
    limits.writer.item_deadline = std::chrono::seconds(1);
    const auto store = db.open(limits);
    REQUIRE(run_coro(store->accept(whole())).has_value());
    const auto item = whole();
    MailboxHolder holder(db);
    boost::asio::io_context context;
    Accepted answer;
    start(context, *store.bundles, item, answer);
    wait_until(db, writer_waits);
    proxy.cut_clients();
    wait_until(db, "count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"); // the successor is there
    holder.release(); // and the predecessor commits before its eyes, and lives on
    context.run_for(std::chrono::seconds(20));
    REQUIRE((answer && answer->has_error()));
    CHECK(answer->error().code == ErrorCode::internal);
    CHECK(db.state(item.bundle_id) == "waiting");

    proxy.end_servers();
    const auto repeated = insist([&] { return store->accept(again(item)); });
    REQUIRE(repeated.has_value());
    CHECK(repeated->what == AcceptOutcome::What::known);
    CHECK(db.events(item.bundle_id) == Types{"bundle_accepted"});
}

TEST_CASE("A commit that no standby confirms is not answered as accepted", "[storage]") {
    const BundleDatabase db;
    auto limits = one_writer();
    limits.writer.answer_limit = std::chrono::milliseconds(200);
    limits.writer.item_deadline = std::chrono::seconds(1);
    const auto store = db.open(limits);
    const auto item = whole();
    {
        const MissingStandby standby(db);
        const auto accepted = run_coro(store->accept(item));
        REQUIRE(accepted.has_error());
        CHECK(accepted.error().code == ErrorCode::internal);
    }
    const auto repeated = insist([&] { return store->accept(again(item)); });
    REQUIRE(repeated.has_value());
    CHECK(repeated->what == AcceptOutcome::What::known);
    CHECK(db.events(item.bundle_id) == Types{"bundle_accepted"});
}

TEST_CASE("A withdrawal that no standby confirms is not answered as done", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open(one_writer());
    const auto item = whole();
    REQUIRE(run_coro(store->accept(item)).has_value());
    {
        const MissingStandby standby(db);
        std::jthread impatient([&db] {
            wait_until(
                db,
                "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = "
                "'careplan-relay' AND datname = current_database())"
            );
            db.database.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        });
        const auto withdrawn =
            run_coro(store->withdraw(item.bundle_id, sender_office, attempt_of(item.attempt.actor.user_id)));
        REQUIRE(withdrawn.has_error());
        CHECK(withdrawn.error().code == ErrorCode::internal);
    }
    CHECK(db.state(item.bundle_id) == "withdrawn");
}
