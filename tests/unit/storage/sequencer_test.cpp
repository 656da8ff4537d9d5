#include "storage/postgres/connections.hpp"
#include "storage/postgres/log_mark.hpp"
#include "storage/postgres/sequencer.hpp"
#include "storage/postgres/sequencer_queries.hpp"
#include "tests/support/postgres_cluster.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace relay;
using namespace relay::storage::postgres;

namespace {

template <class Condition>
bool wait_until(Condition condition, std::chrono::seconds bound = std::chrono::seconds(10)) {
    const auto deadline = std::chrono::steady_clock::now() + bound;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

const char* const add_events = "INSERT INTO events (event_id, type, at) SELECT gen_random_uuid(), 'bundle_sent', now()"
                               " FROM generate_series(1, ";

struct SequencerFixture {
    void add(int events) const { database.sql(add_events + std::to_string(events) + ")"); }
    int leaves() const { return database.sql("SELECT count(*) FROM log_leaves")[0][0].as<int>(); }
    std::int64_t last_position() const {
        return database.sql("SELECT max(position) FROM events")[0][0].as<std::int64_t>();
    }
    bool in_order() const {
        return database
            .sql("SELECT coalesce(bool_and(place = index), true) FROM (SELECT l.index, row_number() OVER"
                 " (ORDER BY e.position) - 1 AS place FROM events e LEFT JOIN log_leaves l USING (event_id)) AS "
                 "all_leaves")[0][0]
            .as<bool>();
    }
    std::unique_ptr<Sequencer> start(Sequencer::OnGrowth on_growth = nullptr) const {
        return Sequencer::start(database.url(), std::move(on_growth)).value();
    }

    test::TestDatabase database;
};

} // namespace

TEST_CASE_METHOD(SequencerFixture, "Every committed event gets the next index within two seconds", "[storage]") {
    add(2500);
    std::int64_t told = 0;
    auto sequencer = start([&](std::int64_t size) { told = size; });
    CHECK(wait_until([&] { return leaves() == 2500; }));
    add(3);
    CHECK(wait_until([&] { return leaves() == 2503; }, std::chrono::seconds(2)));
    sequencer->stop();
    CHECK(in_order());
    CHECK(told == 2503);
    CHECK(sequencer->status().log_size == 2503);
    CHECK(sequencer->status().appended == 2503);
    CHECK(sequencer->status().last_run.has_value());
}

TEST_CASE_METHOD(SequencerFixture, "An event whose transaction was slow to commit is not missed", "[storage]") {
    pqxx::connection slow(database.url());
    pqxx::work transaction(slow);
    transaction.exec(std::string(add_events) + "1)");
    const auto sequencer = start();
    add(1);
    CHECK(wait_until([&] { return leaves() == 1; }));
    add(1);
    CHECK(wait_until([&] { return leaves() == 2; }));
    transaction.commit();
    CHECK(wait_until([&] { return leaves() == 3; }));
}

TEST_CASE_METHOD(SequencerFixture, "One of several sequencers leads, and another follows it", "[storage]") {
    auto first = start();
    CHECK(wait_until([&] { return first->status().leads; }));
    const auto second = start();
    add(10);
    CHECK(wait_until([&] { return leaves() == 10; }));
    CHECK_FALSE(second->status().leads);
    first->stop();
    CHECK(wait_until([&] { return !first->status().leads || second->status().leads; }));
    first.reset();
    CHECK(wait_until([&] { return second->status().leads; }));
    add(10);
    CHECK(wait_until([&] { return leaves() == 20; }));
    CHECK(in_order());
}

TEST_CASE_METHOD(SequencerFixture, "A lost connection is replaced and nothing is indexed twice", "[storage]") {
    const auto sequencer = start();
    add(10);
    CHECK(wait_until([&] { return leaves() == 10; }));
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%sequencer'"
                 " AND datname = current_database()");
    add(10);
    CHECK(wait_until([&] { return leaves() == 20; }));
    CHECK(in_order());
    CHECK(sequencer->status().failures >= 1);
    CHECK_FALSE(sequencer->status().last_failure.empty());
}

TEST_CASE_METHOD(
    SequencerFixture, "A sequencer that starts looks at what stands behind the mark, and moves it", "[storage]"
) {
    add(5);
    database.sql("UPDATE log_mark SET position = " + std::to_string(last_position()));
    add(3);
    const auto sequencer = start();
    CHECK(wait_until([&] { return leaves() == 3; }));
    CHECK(wait_until(
        [&] { return database.sql("SELECT position FROM log_mark")[0][0].as<std::int64_t>() == last_position(); },
        std::chrono::seconds(30)
    ));
    add(1);
    CHECK(wait_until([&] { return leaves() == 4; }));
}

TEST_CASE_METHOD(SequencerFixture, "The mark never passes an event whose transaction is slow to commit", "[storage]") {
    pqxx::connection slow(database.url());
    pqxx::work transaction(slow);
    transaction.exec(std::string(add_events) + "1)");
    add(1);
    pqxx::connection connection(database.url());
    prepare_all(connection, sequencer_sql::all);
    LogMark mark(std::chrono::milliseconds(0));
    mark.after_look(connection);
    for (int looks = 0; looks < 3; ++looks) {
        mark.before_look(connection);
        mark.after_look(connection);
        CHECK(LogMark::read(connection) == 0);
    }
    pqxx::connection late(database.url()); // began to write when the position had been given: not waited for
    pqxx::work later(late);
    later.exec(std::string(add_events) + "1)");
    transaction.commit();
    mark.before_look(connection);
    CHECK(LogMark::read(connection) == 0); // this look may have begun before the commit
    mark.after_look(connection);
    CHECK(LogMark::read(connection) == last_position());
}
