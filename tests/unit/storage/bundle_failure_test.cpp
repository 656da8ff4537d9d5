#include "tests/unit/storage/held_commit.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace relay;
using namespace relay::test;
using protocol::ErrorCode;

namespace {

constexpr const char* kill_writers =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'careplan-relay writer' "
    "AND datname = current_database()";

} // namespace

TEST_CASE("A writer whose connection was cut while idle goes on", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open(one_writer());
    REQUIRE(run_coro(store->accept(whole())).has_value());
    REQUIRE(db.value(kill_writers) == "1");
    CHECK(run_coro(store->accept(whole())).has_value());
    CHECK(db.value("SELECT count(*) FROM events") == "2");
}

TEST_CASE("A connection that breaks during the commit costs nothing and doubles nothing", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open(one_writer());
    db.database.sql("CREATE SEQUENCE once");
    db.database.sql("GRANT ALL ON SEQUENCE once TO relay_app");
    db.database.sql(
        "CREATE FUNCTION break_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('once') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$"
    );
    db.database.sql("CREATE CONSTRAINT TRIGGER break_commit AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED "
                    "FOR EACH ROW EXECUTE FUNCTION break_commit()");
    const auto item = whole();
    const auto accepted = run_coro(store->accept(item));
    REQUIRE(accepted.has_value());
    CHECK(accepted->what == AcceptOutcome::What::created);
    CHECK(db.value("SELECT last_value FROM once") == "2");
    CHECK(db.events(item.bundle_id) == std::vector<std::string>{"bundle_accepted"});
}

TEST_CASE("Lives go on right while writers' connections are cut again and again", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    constexpr int threads = 4;
    constexpr int lives = 25;
    std::atomic<int> done = 0;
    std::vector<std::string> failures(threads);
    const auto live = [&] {
        const auto item = whole();
        const auto claim = claim_of(item);
        auto receipt = receipt_of(item, claim, protocol::Outcome::stored);
        receipt.ranges = {{0, 100}};
        const auto accepted = insist([&] { return store->accept(item); });
        const auto claimed = insist([&] { return store->claim(claim); });
        const auto received = insist([&] { return store->receive_receipt(receipt); });
        const bool right = accepted.has_value() && accepted->what == AcceptOutcome::What::created &&
                           claimed.has_value() && claimed->payload == item.payload && received.has_value() &&
                           received->confirmation == "receipt";
        return right                  ? std::string()
               : accepted.has_error() ? accepted.error().cause
               : claimed.has_error()  ? claimed.error().cause
               : received.has_error() ? received.error().cause
                                      : "a wrong answer";
    };
    {
        std::vector<std::jthread> callers;
        for (std::size_t t = 0; t < threads; ++t) {
            callers.emplace_back([&, t] {
                for (int i = 0; i < lives && failures[t].empty(); ++i) {
                    failures[t] = live();
                    ++done;
                }
                done += failures[t].empty() ? 0 : lives;
            });
        }
        for (int seen = 0; done < threads * lives; seen = done) {
            db.database.sql(std::string(kill_writers) + " AND backend_start < clock_timestamp() - interval '50 ms'");
            while (done < threads * lives && done < seen + 6) {
                std::this_thread::yield();
            }
        }
    }
    for (const auto& failure : failures) {
        CHECK(failure == "");
    }
    const std::string all = std::to_string(threads * lives);
    CHECK(db.value("SELECT count(*) FROM bundles WHERE state = 'fetched'") == all);
    for (const char* type :
         {"bundle_accepted", "bundle_claimed", "bundle_sent", "bundle_fetched", "payload_destroyed"}) {
        CHECK(db.value("SELECT count(*) FROM events WHERE type = '" + std::string(type) + "'") == all);
    }
    CHECK(db.value("SELECT count(*) FROM payload_chunks") == "0");
}

TEST_CASE("An item that the database refuses fails alone, whatever shares its group", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open(one_writer());
    MailboxHolder holder(db);
    boost::asio::io_context context;
    std::vector<Accepted> answers(4);
    start(context, *store.bundles, whole(), answers[0]);
    wait_until(db, writer_waits);
    auto poison = whole();
    db.database.sql(
        "ALTER TABLE bundle_manifests ADD CONSTRAINT no_poison CHECK (bundle_id <> '" + poison.bundle_id.str() + "')"
    );
    start(context, *store.bundles, whole(), answers[1]);
    start(context, *store.bundles, poison, answers[2]);
    start(context, *store.bundles, whole(), answers[3]);
    CHECK(store->queued() == 3);
    holder.release();
    context.run_for(std::chrono::seconds(20));
    for (const std::size_t good : {0U, 1U, 3U}) {
        CHECK((answers[good] && answers[good]->has_value()));
    }
    REQUIRE((answers[2] && answers[2]->has_error()));
    CHECK(answers[2]->error().code == ErrorCode::internal);
    CHECK_THAT(answers[2]->error().cause, Catch::Matchers::Contains("no_poison"));
    CHECK(db.state(poison.bundle_id).empty());
}

TEST_CASE("A full queue refuses at once, and a stopped store refuses what it had not begun", "[storage]") {
    const BundleDatabase db;
    auto limits = one_writer();
    limits.writer.queued_items = 2;
    const auto store = db.open(limits);
    MailboxHolder holder(db);
    boost::asio::io_context context;
    std::vector<Accepted> answers(4);
    start(context, *store.bundles, whole(), answers[0]);
    wait_until(db, writer_waits);
    for (std::size_t i = 1; i < 4; ++i) {
        start(context, *store.bundles, whole(), answers[i]);
    }
    context.poll();
    REQUIRE(answers[3]);
    CHECK(answers[3]->error().code == ErrorCode::unavailable);
    std::jthread stopping([&store] { store->stop(); });
    while (store->queued() > 0) {
        std::this_thread::yield();
    }
    holder.release();
    stopping.join();
    context.run_for(std::chrono::seconds(20));
    REQUIRE((answers[0] && answers[1] && answers[2]));
    CHECK(answers[0]->has_value());
    CHECK(answers[1]->error().code == ErrorCode::unavailable);
    CHECK(answers[2]->error().code == ErrorCode::unavailable);
    CHECK(db.value("SELECT count(*) FROM bundles") == "1");
}

TEST_CASE("A group that gets no answer in its time is cancelled and nothing of it is kept", "[storage]") {
    const BundleDatabase db;
    auto limits = one_writer();
    limits.writer.answer_limit = std::chrono::milliseconds(100);
    const auto store = db.open(limits);
    MailboxHolder holder(db);
    CHECK(run_coro(store->accept(whole())).error().code == ErrorCode::unavailable);
    holder.release();
    CHECK(run_coro(store->accept(whole())).has_value());
    CHECK(db.value("SELECT count(*) FROM bundles") == "1");
}

TEST_CASE("Without a database every call is unavailable, without waiting", "[storage]") {
    BundleDatabase db;
    db.options.url = "host=/nonexistent dbname=relay";
    const auto store = db.open();
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
        CHECK(run_coro(store->accept(whole())).error().code == ErrorCode::unavailable);
    }
    CHECK((std::chrono::steady_clock::now() - begin < std::chrono::seconds(2)));
}

TEST_CASE("Many that wait for a commit go kind by kind, few go together, and each is answered", "[storage]") {
    const std::size_t pairs = GENERATE(1U, 6U);
    const BundleDatabase db;
    const auto store = db.open(one_writer());
    std::vector<AcceptItem> there(pairs);
    for (auto& item : there) {
        item = whole();
        REQUIRE(run_coro(store->accept(item)).has_value());
    }
    MailboxHolder holder(db);
    boost::asio::io_context context;
    Accepted first;
    start(context, *store.bundles, whole(), first);
    wait_until(db, writer_waits);
    std::vector<Accepted> accepted(pairs);
    std::size_t claimed = 0;
    for (std::size_t n = 0; n < pairs; ++n) {
        start(context, *store.bundles, whole(), accepted[n]);
        boost::asio::co_spawn(
            context,
            store->claim(claim_of(there[n])),
            [&](const std::exception_ptr&, const Result<ClaimOutcome>& outcome) { claimed += outcome ? 1U : 0U; }
        );
    }
    context.poll();
    REQUIRE(store->queued() == 2 * pairs);
    holder.release();
    context.run_for(std::chrono::seconds(20));
    CHECK(claimed == pairs);
    for (const auto& answer : accepted) {
        CHECK((answer && answer->has_value()));
    }
    // Before: one transaction for each bundle that was there, and one for the first that was held.
    const auto transactions = std::stoul(db.value("SELECT count(DISTINCT xid) FROM events")) - pairs - 1;
    CHECK(transactions == (pairs == 1 ? 1U : 2U));
}
