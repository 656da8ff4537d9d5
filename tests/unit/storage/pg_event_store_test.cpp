#include "storage/postgres/event_rows.hpp"
#include "storage/postgres/pg_event_store.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/run_coro.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace relay;
using namespace relay::storage;
using namespace relay::storage::postgres;
using namespace relay::protocol;
using test::run_coro;

namespace {

const OfficeNumber sender = *OfficeNumber::parse("2670100011");
const OfficeNumber recipient = *OfficeNumber::parse("2670100029");
const OfficeNumber stranger = *OfficeNumber::parse("13A0100029");
const Time noon = *parse_rfc3339("2026-11-20T03:00:00.007Z");

DeliveryEvent full_event() {
    DeliveryEvent event;
    event.event_id = EventId{time_uuid(noon.time_since_epoch().count())};
    event.type = EventType::bundle_fetched;
    event.at = noon;
    event.actor = Actor{"KJ000000000001", Digest::of("certificate")};
    event.subject = Subject{"KJ000000000002", Digest::of("subject"), stranger};
    event.bundle_id = BundleId{random_uuid()};
    event.sender = sender;
    event.recipient = recipient;
    event.manifest_sha256 = Digest::of("manifest");
    event.receipt_sha256 = Digest::of("receipt");
    event.code = "office add";
    event.confirmation = "receipt";
    return event;
}

DeliveryEvent bundle_event(EventType type, BundleId bundle, Time at) {
    DeliveryEvent event;
    event.type = type;
    event.at = at;
    event.actor = Actor{"KJ000000000001", Digest::of("certificate")};
    event.bundle_id = bundle;
    event.sender = sender;
    event.recipient = recipient;
    return event;
}

struct EventFixture {
    void write(const DeliveryEvent& event) {
        const auto written = run_coro(db->submit<void>("write", Access::write, [event](pqxx::work& transaction) {
            insert_event(transaction, event);
            return Result<void>();
        }));
        REQUIRE(written.has_value());
    }
    /// Gives all events their index, as the sequencer would.
    void index_all() const {
        database.sql("INSERT INTO log_leaves SELECT (SELECT count(*) FROM log_leaves) - 1"
                     " + row_number() OVER (ORDER BY position), event_id FROM events"
                     " WHERE event_id NOT IN (SELECT event_id FROM log_leaves)");
    }
    EventPage list(EventQuery query) { return run_coro(events.list_events(std::move(query))).value(); }

    test::TestDatabase database;
    std::unique_ptr<DbExecutor> db = DbExecutor::start(database.options()).value();
    PgEventStore events{*db};
};

} // namespace

TEST_CASE_METHOD(EventFixture, "The database and the protocol write the same leaf for every event", "[storage]") {
    std::vector<DeliveryEvent> all = {full_event()};
    for (int left_out = 0; left_out < 10; ++left_out) {
        auto event = full_event();
        left_out == 0   ? event.actor.reset()
        : left_out == 1 ? event.subject.reset()
        : left_out == 2 ? event.bundle_id.reset()
        : left_out == 3 ? event.sender.reset()
        : left_out == 4 ? event.recipient.reset()
        : left_out == 5 ? event.manifest_sha256.reset()
        : left_out == 6 ? event.receipt_sha256.reset()
        : left_out == 7 ? event.code.reset()
        : left_out == 8 ? event.confirmation.reset()
                        : event.actor->certificate_sha256.reset();
        all.push_back(event);
    }
    auto office_alone = full_event();
    office_alone.subject = Subject{std::nullopt, std::nullopt, stranger};
    all.push_back(office_alone);
    auto escaped = full_event();
    escaped.actor->user_id = "a\"b\\c\b\f\n\r\t\x01\x1f é事業所/";
    escaped.code = "\x7f<>&'";
    all.push_back(escaped);
    for (const auto& event : all) {
        write(event);
        const auto leaf = database.sql("SELECT leaf FROM audit_events WHERE event_id = '" + event.event_id.str() + "'");
        CHECK(leaf[0][0].as<std::string>() == canonical_leaf(event));
    }
}

TEST_CASE_METHOD(EventFixture, "A refusal is written once a minute for one user, code and bundle", "[storage]") {
    auto refusal = bundle_event(EventType::bundle_refused, BundleId{random_uuid()}, Time());
    refusal.code = "bad_signature";
    const auto record = [&] { REQUIRE(run_coro(events.record_refusal(refusal)).has_value()); };
    const auto count = [&] { return database.sql("SELECT count(*) FROM events")[0][0].as<int>(); };
    record();
    record();
    CHECK(count() == 1);
    refusal.code = "clock_skew";
    record();
    CHECK(count() == 2);
    refusal.bundle_id = BundleId{random_uuid()};
    record();
    CHECK(count() == 3);
    refusal.bundle_id.reset();
    record();
    record();
    CHECK(count() == 4);
    refusal.actor->user_id = "KJ000000000002";
    record();
    CHECK(count() == 5);
    database.sql("UPDATE events SET at = at - interval '61 seconds'");
    record();
    CHECK(count() == 6);
}

TEST_CASE_METHOD(EventFixture, "Events are listed in the order of the log, those without an index last", "[storage]") {
    const BundleId bundle{random_uuid()};
    for (int i = 0; i < 5; ++i) {
        write(bundle_event(EventType::bundle_sent, bundle, noon + std::chrono::seconds(5 - i)));
    }
    index_all();
    for (int i = 0; i < 2; ++i) {
        write(bundle_event(EventType::bundle_fetched, bundle, noon));
    }
    EventQuery query;
    query.limit = 3;
    auto page = list(query);
    REQUIRE(page.events.size() == 3);
    REQUIRE(page.next.has_value());
    CHECK(page.events[0].index == 0);
    CHECK(page.events[2].index == 2);

    query.after = *page.next;
    page = list(query); // two with an index; the two without do not fit
    REQUIRE(page.events.size() == 2);
    REQUIRE(page.next.has_value());
    CHECK(page.events.back().index == 4);

    query.after = *page.next;
    page = list(query);
    REQUIRE(page.events.size() == 2);
    CHECK_FALSE(page.next.has_value());
    CHECK_FALSE(page.events[0].index.has_value());
    CHECK(page.events[0].position < page.events[1].position);

    query = EventQuery{};
    CHECK(list(query).events.size() == 7);
}

TEST_CASE_METHOD(EventFixture, "An event that gets its index while pages are read stands on one of them", "[storage]") {
    const auto write_one = [&] { write(bundle_event(EventType::bundle_sent, BundleId{random_uuid()}, noon)); };
    // One transaction takes the first position and is committed after the others.
    pqxx::connection late_connection(database.owner_url());
    pqxx::work late(late_connection);
    late.exec0("INSERT INTO events (event_id, type, at) VALUES (gen_random_uuid(), 'bundle_sent', now())");
    for (int i = 0; i < 4; ++i) {
        write_one();
    }
    std::vector<std::int64_t> positions;
    auto read_on = [&, query = EventQuery{}]() mutable {
        query.limit = 1;
        auto page = list(query);
        for (const auto& event : page.events) {
            positions.push_back(event.position);
        }
        query.after = page.next.value_or(query.after);
        return page;
    };
    CHECK_FALSE(read_on().events.at(0).index.has_value());
    write_one(); // later than the first page: without its index it belongs to the next reading
    CHECK_FALSE(read_on().events.at(0).index.has_value());
    CHECK(positions == std::vector<std::int64_t>{2, 3});
    SECTION("everything, with what was committed late") {
        late.commit();
        index_all();
        for (int i = 0; i < 4; ++i) {
            const auto page = read_on();
            CHECK(page.events.at(0).index.has_value());
            CHECK(page.next.has_value() == (i < 3));
        }
        CHECK(positions == std::vector<std::int64_t>{2, 3, 1, 4, 5, 6});
    }
    SECTION("nothing") {
        late.commit();
        CHECK(read_on().next.has_value());
        CHECK_FALSE(read_on().next.has_value());
        CHECK(positions == std::vector<std::int64_t>{2, 3, 4, 5});
    }
}

TEST_CASE_METHOD(EventFixture, "Auditors find events by office, user, bundle, type and time", "[storage]") {
    const BundleId one{random_uuid()};
    const BundleId two{random_uuid()};
    write(bundle_event(EventType::bundle_accepted, one, noon));
    write(bundle_event(EventType::bundle_fetched, one, noon + std::chrono::hours(1)));
    auto other = bundle_event(EventType::bundle_accepted, two, noon + std::chrono::hours(2));
    other.sender = stranger;
    other.actor->user_id = "KJ000000000003";
    write(other);
    auto refused = bundle_event(EventType::bundle_refused, one, noon + std::chrono::hours(3));
    refused.sender = stranger; // somebody else's bundle_id
    refused.recipient = stranger;
    refused.code = "bundle_id_reused";
    write(refused);
    DeliveryEvent licence;
    licence.type = EventType::licence_changed;
    licence.at = noon;
    licence.actor = Actor{"relayctl", std::nullopt};
    licence.subject = Subject{"KJ000000000001", std::nullopt, sender};
    write(licence);

    const auto count = [&](auto set) {
        EventQuery query;
        set(query);
        const auto before = list(query).events.size();
        database.sql("DELETE FROM log_leaves");
        index_all();
        CHECK(list(query).events.size() == before);
        database.sql("DELETE FROM log_leaves");
        return before;
    };
    CHECK(count([](EventQuery& q) { q.office = sender; }) == 3);
    CHECK(count([](EventQuery& q) { q.office = recipient; }) == 3);
    CHECK(count([](EventQuery& q) { q.office = stranger; }) == 2);
    CHECK(count([](EventQuery& q) { q.user_id = "KJ000000000001"; }) == 4);
    CHECK(count([](EventQuery& q) { q.user_id = "relayctl"; }) == 1);
    CHECK(count([&](EventQuery& q) { q.bundle_id = one; }) == 3);
    CHECK(count([](EventQuery& q) { q.type = EventType::bundle_accepted; }) == 2);
    CHECK(count([](EventQuery& q) { q.from = noon + std::chrono::hours(1); }) == 3);
    CHECK(count([](EventQuery& q) { q.to = noon + std::chrono::hours(1); }) == 2);
    CHECK(count([](EventQuery& q) {
              q.office = sender;
              q.type = EventType::licence_changed;
          }) == 1);
}

TEST_CASE_METHOD(EventFixture, "A rare event is found in a long log, a piece of it at a time", "[storage]") {
    const BundleId rare{random_uuid()};
    for (int i = 0; i < 40; ++i) {
        const auto at = noon + std::chrono::hours(i / 4) + std::chrono::minutes(i % 2 == 0 ? 59 : 1);
        write(bundle_event(i % 13 == 5 ? EventType::bundle_expired : EventType::bundle_accepted, rare, at));
        if (i % 3 == 0 && i < 36) {
            index_all();
        }
    }
    PgEventStore pieces(*db, {.window = 4, .page_time = std::chrono::milliseconds(0)});
    const auto read_all = [&](EventQuery query, int& pages) {
        std::vector<std::int64_t> positions;
        query.limit = 3;
        for (pages = 1;; ++pages) {
            auto page = run_coro(pieces.list_events(query)).value();
            for (const auto& event : page.events) {
                positions.push_back(event.position);
            }
            if (!page.next) {
                return positions;
            }
            query.after = *page.next;
        }
    };
    int pages = 0;
    EventQuery query;
    query.type = EventType::bundle_expired;
    CHECK(read_all(query, pages) == std::vector<std::int64_t>{6, 19, 32});
    CHECK(pages > 8);
    query.from = noon + std::chrono::hours(4) + std::chrono::minutes(30);
    query.to = noon + std::chrono::hours(5) + std::chrono::minutes(30);
    CHECK(read_all(query, pages) == std::vector<std::int64_t>{19});
    CHECK(pages <= 3); // of two hours' events alone
    query.type.reset();
    CHECK(read_all(query, pages) == std::vector<std::int64_t>{17, 19, 22, 24});
    query.from = noon + std::chrono::hours(100);
    query.to.reset();
    CHECK(read_all(query, pages).empty());
    CHECK(pages == 1);
}

TEST_CASE_METHOD(EventFixture, "Auditors see a bundle's facts without names of files", "[storage]") {
    const BundleId id{random_uuid()};
    const auto file = Digest::of("file");
    database.sql(
        "INSERT INTO bundles (bundle_id, upload_id, sender, recipient, out_place, in_place, state,"
        " manifest_sha256, payload_size, chunk_size, chunk_count, created_at, reserved_at, accepted_at)"
        " VALUES ('" +
        id.str() +
        "', gen_random_uuid(), '2670100011', '2670100029', 1, 1, 'waiting',"
        " sha256('manifest'), 10, 6, 2, now(), now(), now())"
    );
    database.sql(
        "INSERT INTO bundle_manifests VALUES ('" + id.str() +
        "', '[{\"name\":\"secret.csv\",\"size\":9007199254740991,"
        "\"sha256\":\"" +
        file.hex() + "\"}]', NULL, sha256('0') || sha256('1'), 'x')"
    );
    const auto bundle = run_coro(events.find_audit_bundle(id)).value();
    REQUIRE(bundle.has_value());
    CHECK(bundle->state == BundleState::waiting);
    CHECK(bundle->sender == sender);
    CHECK(bundle->manifest_sha256 == Digest::of("manifest"));
    REQUIRE(bundle->files.size() == 1);
    CHECK(bundle->files[0].size == 9007199254740991);
    CHECK(bundle->files[0].sha256 == file);
    CHECK(bundle->chunk_digests == std::vector<Digest>{Digest::of("0"), Digest::of("1")});
    CHECK_FALSE(run_coro(events.find_audit_bundle(BundleId{random_uuid()})).value().has_value());
    database.sql("UPDATE bundles SET state = 'uploading', in_place = NULL");
    CHECK_FALSE(run_coro(events.find_audit_bundle(id)).value().has_value());
}
