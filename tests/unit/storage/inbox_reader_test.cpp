#include "tests/unit/storage/bundle_fixture.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace relay;
using namespace relay::test;
using protocol::ErrorCode;

namespace {

InboxQuery what_waits(const OfficeNumber& recipient, int limit = 100) {
    InboxQuery query;
    query.recipient = recipient;
    query.state = BundleState::waiting;
    query.limit = limit;
    return query;
}

constexpr const char* kill_readers =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE application_name = 'careplan-relay inbox reader' AND datname = current_database()";

} // namespace

TEST_CASE("Looks that share a statement each get the page they asked for", "[storage]") {
    const BundleDatabase db;
    storage::postgres::PgBundleStore::Limits limits;
    limits.reader.readers = 1; // whoever comes meanwhile waits and is grouped
    limits.reader.group_rows = 500;
    const auto store = db.open(limits);
    std::vector<BundleId> ids;
    for (int i = 0; i < 5; ++i) {
        const auto item = whole();
        REQUIRE(run_coro(store->accept(item)).has_value());
        ids.push_back(item.bundle_id);
    }
    REQUIRE(run_coro(store->claim(ClaimItem{attempt_of("KJ000000000002"), ids[2], new_claim_id(), recipient_office, 0}))
                .has_value());
    const std::vector<BundleId> waiting{ids[0], ids[1], ids[3], ids[4]};

    std::atomic<int> wrong = 0;
    std::vector<std::jthread> callers;
    for (int c = 0; c < 16; ++c) {
        callers.emplace_back([&, c] {
            for (int i = 0; i < 20; ++i) {
                const auto limit = static_cast<std::size_t>((c + i) % 6 + 1);
                const auto page = run_coro(store->list_inbox(what_waits(recipient_office, static_cast<int>(limit))));
                const auto shown = std::min(limit, waiting.size());
                bool good = page && page->bundles.size() == shown && page->more == (limit < waiting.size());
                for (std::size_t n = 0; good && n < shown; ++n) {
                    good = page->bundles[n].bundle_id == waiting[n] && !page->bundles[n].files_json.empty();
                }
                const auto none = run_coro(store->list_inbox(what_waits(i % 2 == 0 ? sender_office : other_office)));
                wrong += good && none && none->bundles.empty() && !none->more ? 0 : 1;
            }
        });
    }
    callers.clear();
    CHECK(wrong == 0);
}

TEST_CASE("A look finds its page though the reader's connections were cut", "[storage]") {
    const BundleDatabase db;
    storage::postgres::PgBundleStore::Limits limits;
    limits.reader.readers = 1;
    const auto store = db.open(limits);
    REQUIRE(run_coro(store->accept(whole())).has_value());
    REQUIRE(run_coro(store->list_inbox(what_waits(recipient_office)))->bundles.size() == 1);
    for (int i = 0; i < 3; ++i) {
        REQUIRE(db.value(kill_readers) == "1");
        const auto page = run_coro(store->list_inbox(what_waits(recipient_office)));
        REQUIRE(page.has_value());
        CHECK(page->bundles.size() == 1);
    }
}

TEST_CASE("Without a database, after a stop, and beyond the queue, a look is unavailable", "[storage]") {
    BundleDatabase db;
    SECTION("no database") {
        db.options.url = "host=127.0.0.1 port=1 dbname=relay connect_timeout=2";
        const auto store = db.open();
        const auto page = run_coro(store->list_inbox(what_waits(recipient_office)));
        REQUIRE(page.has_error());
        CHECK(page.error().code == ErrorCode::unavailable);
    }
    SECTION("stopped") {
        const auto store = db.open();
        store->stop();
        const auto page = run_coro(store->list_inbox(what_waits(recipient_office)));
        REQUIRE(page.has_error());
        CHECK(page.error().code == ErrorCode::unavailable);
    }
    SECTION("a queue without room") {
        storage::postgres::PgBundleStore::Limits limits;
        limits.reader.queued = 0;
        const auto store = db.open(limits);
        const auto page = run_coro(store->list_inbox(what_waits(recipient_office)));
        REQUIRE(page.has_error());
        CHECK(page.error().code == ErrorCode::unavailable);
    }
}
