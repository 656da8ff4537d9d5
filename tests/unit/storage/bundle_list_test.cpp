#include "tests/unit/storage/bundle_fixture.hpp"

#include <catch2/catch.hpp>

using namespace relay;
using namespace relay::test;

namespace {

class Receiver final : public pqxx::notification_receiver {
public:
    explicit Receiver(pqxx::connection& connection) : notification_receiver(connection, "relay_mailbox") {}
    void operator()(const std::string& payload, int) override { payloads.push_back(payload); }
    std::vector<std::string> payloads;
};

std::vector<BundleId> ids_of(const Result<ListPage>& page) {
    std::vector<BundleId> ids;
    for (const auto& bundle : page.value().bundles) {
        ids.push_back(bundle.bundle_id);
    }
    return ids;
}

} // namespace

TEST_CASE("An inbox shows what was published, in that order, by state and from a place on", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    std::vector<AcceptItem> items;
    const auto upload = reservation(1);
    REQUIRE(run_coro(store->accept(upload)).has_value());
    for (int i = 0; i < 4; ++i) {
        items.push_back(whole());
        REQUIRE(run_coro(store->accept(items.back())).has_value());
    }
    REQUIRE(run_coro(store->put_chunk(chunk_of(upload, 0)))->completed);
    REQUIRE(run_coro(store->accept(reservation(1))).has_value()); // never shown
    REQUIRE(run_coro(store->claim(claim_of(items[1]))).has_value());

    InboxQuery query;
    query.recipient = recipient_office;
    const auto all = run_coro(store->list_inbox(query));
    CHECK(
        ids_of(all) ==
        std::vector<BundleId>{
            items[0].bundle_id, items[1].bundle_id, items[2].bundle_id, items[3].bundle_id, upload.bundle_id}
    );
    CHECK_FALSE(all->more);
    CHECK(all->bundles[0].files_json == items[0].files_json);
    CHECK(all->bundles[0].chunk_digests.empty());
    query.state = BundleState::waiting;
    query.limit = 2;
    const auto first = run_coro(store->list_inbox(query));
    CHECK(ids_of(first) == std::vector<BundleId>{items[0].bundle_id, items[2].bundle_id});
    CHECK(first->more);
    query.after = first->bundles.back().in_place;
    const auto second = run_coro(store->list_inbox(query));
    CHECK(ids_of(second) == std::vector<BundleId>{items[3].bundle_id, upload.bundle_id});
    CHECK_FALSE(second->more);
    query.recipient = other_office;
    CHECK(run_coro(store->list_inbox(query))->bundles.empty());
}

TEST_CASE("An outbox shows the newest first, by state and by the time of acceptance", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    std::vector<AcceptItem> items{whole(), reservation(2), whole()};
    std::vector<Time> accepted;
    for (const auto& item : items) {
        const auto outcome = run_coro(store->accept(item));
        REQUIRE(outcome.has_value());
        accepted.push_back(outcome->bundle.accepted_at.value_or(Time()));
    }
    OutboxQuery query;
    query.sender = sender_office;
    const auto all = run_coro(store->list_outbox(query));
    CHECK(ids_of(all) == std::vector<BundleId>{items[2].bundle_id, items[1].bundle_id, items[0].bundle_id});
    CHECK(all->bundles[1].missing_chunks == std::vector<int>{0, 1});
    query.limit = 1;
    const auto first = run_coro(store->list_outbox(query));
    CHECK(first->more);
    query.before = first->bundles.back().out_place;
    query.limit = 100;
    CHECK(ids_of(run_coro(store->list_outbox(query))) == std::vector<BundleId>{items[1].bundle_id, items[0].bundle_id});
    query.before.reset();
    query.state = BundleState::uploading;
    CHECK(ids_of(run_coro(store->list_outbox(query))) == std::vector<BundleId>{items[1].bundle_id});
    query.state.reset();
    query.from = accepted[2];
    CHECK(ids_of(run_coro(store->list_outbox(query))).front() == items[2].bundle_id);
    query.to = accepted[2];
    CHECK(run_coro(store->list_outbox(query))->bundles.empty());
}

TEST_CASE("Whatever changes an inbox's page notifies its office; calls under a claim do not", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    pqxx::connection connection(db.database.url());
    Receiver receiver(connection);
    // Notifications come in the order of their commits: what was to come has come when our own is here.
    const auto heard = [&] {
        receiver.payloads.clear();
        pqxx::nontransaction(connection).exec("NOTIFY relay_mailbox, 'now'");
        connection.get_notifs();
        while (receiver.payloads.empty() || receiver.payloads.back() != "now") {
            REQUIRE(connection.await_notification(20, 0) > 0);
        }
        receiver.payloads.pop_back();
        return receiver.payloads;
    };
    const std::vector<std::string> left{recipient_office.str()};
    const std::vector<std::string> arrived{recipient_office.str() + "+"};
    const auto item = whole();
    const auto claim = claim_of(item);
    REQUIRE(run_coro(store->accept(item)).has_value());
    CHECK(heard() == arrived);
    REQUIRE(run_coro(store->accept(item)).has_value()); // known
    CHECK(heard().empty());
    REQUIRE(run_coro(store->claim(claim)).has_value());
    CHECK(heard() == left);
    // Within the millisecond of the claim itself a call may still notify, for nothing.
    const auto later = [&] { return db.value("SELECT claimed_at + interval '1 ms' < clock_timestamp() FROM bundles"); };
    while (later() != "t") {
    }
    REQUIRE(run_coro(store->cover(coverage_of(claim, {{0, 100}}))).has_value());
    CHECK(heard().empty());
    REQUIRE(run_coro(store->claim(claim)).has_value());
    CHECK(heard().empty());
    REQUIRE(run_coro(store->receive_receipt(receipt_of(item, claim, protocol::Outcome::stored))).has_value());
    CHECK(heard() == left);
    REQUIRE(run_coro(store->accept(reservation(2))).has_value());
    CHECK(heard().empty());
    const auto second = whole();
    REQUIRE(run_coro(store->accept(second)).has_value());
    CHECK(heard() == arrived);
    REQUIRE(run_coro(store->withdraw(second.bundle_id, sender_office, attempt_of("KJ000000000001"))).has_value());
    CHECK(heard() == left);
}

TEST_CASE("Sessions are forgotten 30 days after their end", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    db.database.sql("INSERT INTO users (user_id, role, office, added_at, version) "
                    "VALUES ('KJ000000000001', 'office', '2670100011', now(), 1)");
    db.database.sql("INSERT INTO sessions (token_sha256, user_id, certificate_sha256, opened_at, expires_at) "
                    "SELECT sha256(d::text::bytea), 'KJ000000000001', '', now() - d * interval '1 day', "
                    "now() - d * interval '1 day' FROM generate_series(28, 33) d");
    REQUIRE(run_coro(store->sweep_old_sessions()).has_value());
    CHECK(db.value("SELECT count(*) FROM sessions") == "2");
}
