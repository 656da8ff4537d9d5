#include "storage/postgres/mailbox_listener.hpp"
#include "tests/support/postgres_cluster.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <mutex>

using namespace relay;
using namespace relay::storage::postgres;

namespace {

/// What the callbacks were told.
struct Heard {
    ListenerCallbacks callbacks() {
        ListenerCallbacks all;
        all.on_mailbox = [this](std::vector<storage::MailboxChange> changes) {
            note([&] { mailboxes.insert(mailboxes.end(), changes.begin(), changes.end()); });
        };
        all.on_registry = [this] { note([&] { ++registry; }); };
        all.on_connected = [this] { note([&] { ++connections; }); };
        all.on_alive = [this] { note([&] { ++answers; }); };
        return all;
    }
    template <class Change>
    void note(Change change) {
        const std::lock_guard lock(mutex);
        change();
        changed.notify_all();
    }
    template <class Condition>
    bool wait(Condition condition) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, std::chrono::seconds(10), condition);
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<storage::MailboxChange> mailboxes;
    int registry = 0;
    int connections = 0;
    int answers = 0;
};

} // namespace

TEST_CASE("Changes of mailboxes and accounts are heard, also after a lost connection", "[storage]") {
    const test::TestDatabase database;
    Heard heard;
    const auto listener = MailboxListener::start(database.url(), heard.callbacks()).value();
    REQUIRE(heard.wait([&] { return heard.connections == 1; }));
    CHECK(listener->connected());
    database.sql("SELECT pg_notify('relay_mailbox', '2670100029,2670100011,nonsense,2670100029+,+,2670100011++')");
    REQUIRE(heard.wait([&] { return heard.mailboxes.size() == 2; }));
    CHECK(heard.mailboxes[0].office.str() == "2670100011");
    CHECK_FALSE(heard.mailboxes[0].arrived);
    CHECK(heard.mailboxes[1].office.str() == "2670100029");
    CHECK(heard.mailboxes[1].arrived);
    CHECK(heard.wait([&] { return heard.answers > 0; }));
    database.sql("SELECT pg_notify('relay_registry', '7')");
    CHECK(heard.wait([&] { return heard.registry == 1; }));

    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%listener'"
                 " AND datname = current_database()");
    REQUIRE(heard.wait([&] { return heard.connections == 2; }));
    database.sql("SELECT pg_notify('relay_mailbox', '2670100011')");
    CHECK(heard.wait([&] { return heard.mailboxes.size() == 3; }));
}

TEST_CASE(
    "After a stop nothing is heard any more, and a connection string that cannot be read is refused", "[storage]"
) {
    const test::TestDatabase database;
    Heard heard;
    const auto listener = MailboxListener::start(database.url(), heard.callbacks()).value();
    REQUIRE(heard.wait([&] { return heard.connections == 1; }));
    CHECK(MailboxListener::start("unknown_word=1", heard.callbacks()).has_error());
    listener->stop();
    database.sql("SELECT pg_notify('relay_registry', '7')");
    CHECK(heard.registry == 0);
}
