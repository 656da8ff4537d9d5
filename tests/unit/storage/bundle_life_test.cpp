#include "tests/unit/storage/bundle_fixture.hpp"

#include "protocol/delivery_event.hpp"

#include <catch2/catch.hpp>

using namespace relay;
using namespace relay::test;
using protocol::ErrorCode;
using Types = std::vector<std::string>;

namespace {

constexpr auto stored = protocol::Outcome::stored;
constexpr auto rejected = protocol::Outcome::rejected;

/// Accepts a bundle and claims it.
struct Claimed {
    Claimed(const BundleDatabase::Store& store, std::size_t size = 100)
        : bundle(whole(size)),
          accepted(run_coro(store->accept(bundle))),
          claim(claim_of(bundle)),
          claimed(run_coro(store->claim(claim))) {
        REQUIRE(accepted.has_value());
        REQUIRE(claimed.has_value());
    }
    AcceptItem bundle;
    Result<AcceptOutcome> accepted;
    ClaimItem claim;
    Result<ClaimOutcome> claimed;
};

/// The leaf as protocol::canonical_leaf builds it from the columns.
std::string rebuilt_leaf(const pqxx::row& row) {
    const auto digest = [](const pqxx::field& field) {
        return field.is_null() ? std::nullopt : protocol::Digest::from_hex(field.c_str());
    };
    protocol::DeliveryEvent event;
    event.event_id = *protocol::EventId::parse(row["event_id"].c_str());
    event.type = *protocol::parse_event_type(row["type"].c_str());
    event.at = Time(std::chrono::milliseconds(row["at_ms"].as<std::int64_t>()));
    if (!row["actor_user"].is_null()) {
        event.actor = protocol::Actor{row["actor_user"].c_str(), digest(row["actor"])};
    }
    event.bundle_id = *protocol::BundleId::parse(row["bundle_id"].c_str());
    event.sender = OfficeNumber::parse(row["sender"].c_str());
    event.recipient = OfficeNumber::parse(row["recipient"].c_str());
    event.manifest_sha256 = digest(row["manifest"]);
    event.receipt_sha256 = digest(row["receipt"]);
    if (!row["confirmation"].is_null()) {
        event.confirmation = row["confirmation"].c_str();
    }
    return canonical_leaf(event);
}

void check_leaves(const BundleDatabase& db) {
    const auto rows = db.database.sql(
        "SELECT e.*, (extract(epoch FROM at) * 1000)::bigint AS at_ms, encode(actor_certificate, 'hex') AS actor, "
        "encode(manifest_sha256, 'hex') AS manifest, encode(receipt_sha256, 'hex') AS receipt, "
        "(SELECT leaf FROM audit_events a WHERE a.event_id = e.event_id) AS leaf FROM events e"
    );
    REQUIRE(!rows.empty());
    for (const auto& row : rows) {
        CHECK(rebuilt_leaf(row) == row["leaf"].c_str());
        CHECK(row["event_id"].c_str()[14] == '7');
        // Nobody did a lapse, an expiry or a destruction.
        const std::string type = row["type"].c_str();
        const bool nobodys = type == "claim_lapsed" || type == "bundle_expired" || type == "payload_destroyed" ||
                             std::string(row["confirmation"].c_str()) == "none";
        CHECK(row["actor_user"].is_null() == nobodys);
    }
}

} // namespace

TEST_CASE("A bundle accepted with its payload is waiting, and its repetition is known", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    auto item = whole();
    const auto accepted = run_coro(store->accept(item));
    REQUIRE(accepted.has_value());
    const BundleRecord& bundle = accepted->bundle;
    CHECK(accepted->what == AcceptOutcome::What::created);
    CHECK(bundle.state == BundleState::waiting);
    CHECK(bundle.created_at == item.created_at);
    CHECK((*bundle.expires_at - *bundle.accepted_at == db.options.expire_after));
    CHECK(bundle.in_place == 1);
    CHECK(bundle.out_place == 1);
    CHECK(bundle.chunk_digests == item.chunk_digests);

    item.upload_id = new_upload_id();
    item.attempt = attempt_of("KJ000000000001");
    const auto again = run_coro(store->accept(item));
    REQUIRE(again.has_value());
    CHECK(again->what == AcceptOutcome::What::known);
    CHECK(again->bundle.accepted_at == bundle.accepted_at);
    CHECK(again->bundle.files_json == item.files_json);
    CHECK(again->bundle.cover == item.cover);
    CHECK(again->bundle.chunk_digests == item.chunk_digests);
    CHECK(db.events(item.bundle_id) == Types{"bundle_accepted"});
    CHECK(db.value("SELECT count(*) FROM payload_chunks") == "1");
}

TEST_CASE("A claim, its bytes and a receipt end in fetched, and the payload is gone", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    const Claimed c(store);
    CHECK(c.claimed->bundle.signed_manifest == c.bundle.signed_manifest);
    CHECK(c.claimed->payload == c.bundle.payload);
    CHECK(c.claimed->bundle.last_call_at == c.claimed->bundle.claimed_at);

    auto receipt = receipt_of(c.bundle, c.claim, stored);
    CHECK(run_coro(store->receive_receipt(receipt)).error().code == ErrorCode::not_sent_yet);
    receipt.ranges = {{0, 100}};
    const auto taken = run_coro(store->receive_receipt(receipt));
    REQUIRE(taken.has_value());
    CHECK(taken->state == BundleState::fetched);
    CHECK(taken->confirmation == "receipt");
    CHECK(taken->chunk_digests == c.bundle.chunk_digests);
    CHECK(run_coro(store->find(c.bundle.bundle_id, true)).value()->signed_receipt == receipt.signed_receipt);
    CHECK(
        db.events(c.bundle.bundle_id) ==
        Types{"bundle_accepted", "bundle_claimed", "bundle_sent", "bundle_fetched", "payload_destroyed"}
    );
    CHECK(db.value("SELECT count(*) FROM payload_chunks") == "0");

    receipt.attempt = attempt_of("KJ000000000002");
    CHECK(run_coro(store->receive_receipt(receipt))->fetched_at == taken->fetched_at);
    auto conflict = receipt_of(c.bundle, c.claim, rejected);
    CHECK(run_coro(store->receive_receipt(conflict)).error().code == ErrorCode::receipt_conflict);
    CHECK(run_coro(store->claim(c.claim)).error().code == ErrorCode::already_fetched);
    CHECK(db.events(c.bundle.bundle_id).size() == 5);
    check_leaves(db);
}

TEST_CASE("Ranges add up to every byte, once, over calls and stores", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    const auto other = db.open();
    const Claimed c(store);
    REQUIRE(run_coro(store->cover(coverage_of(c.claim, {{0, 40}, {60, 70}}))).has_value());
    REQUIRE(run_coro(other->cover(coverage_of(c.claim, {{70, 100}, {30, 59}, {5, 5}}))).has_value());
    CHECK_FALSE(run_coro(store->find(c.bundle.bundle_id, false)).value()->every_byte_sent);
    REQUIRE(run_coro(store->cover(coverage_of(c.claim, {{59, 60}}))).has_value());
    CHECK(run_coro(store->find(c.bundle.bundle_id, false)).value()->every_byte_sent);
    REQUIRE(run_coro(other->cover(coverage_of(c.claim, {{0, 100}}))).has_value());
    CHECK(db.value("SELECT sent FROM bundles") == "{[0,100)}");
    auto stranger = c.claim;
    stranger.claim_id = new_claim_id();
    CHECK(run_coro(store->cover(coverage_of(stranger, {{0, 100}}))).has_value());
    REQUIRE(run_coro(other->receive_receipt(receipt_of(c.bundle, c.claim, stored))).has_value());
    CHECK(
        db.events(c.bundle.bundle_id) ==
        Types{"bundle_accepted", "bundle_claimed", "bundle_sent", "bundle_fetched", "payload_destroyed"}
    );
}

TEST_CASE("A rejection is taken at any time of a claim and keeps its reason", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    const Claimed c(store);
    const auto receipt = receipt_of(c.bundle, c.claim, rejected);
    auto wrong = receipt;
    wrong.manifest_sha256 = protocol::Digest::of("another");
    CHECK(run_coro(store->receive_receipt(wrong)).error().code == ErrorCode::bad_receipt);
    auto strange = receipt;
    strange.claim_id = new_claim_id();
    CHECK(run_coro(store->receive_receipt(strange)).error().code == ErrorCode::not_claimed);
    auto foreign = receipt;
    foreign.recipient = other_office;
    CHECK(run_coro(store->receive_receipt(foreign)).error().code == ErrorCode::not_found);
    const auto taken = run_coro(store->receive_receipt(receipt));
    REQUIRE(taken.has_value());
    CHECK(taken->state == BundleState::rejected);
    CHECK(taken->reason == receipt.reason);
    CHECK(taken->rejected_at);
    CHECK(
        db.events(c.bundle.bundle_id) ==
        Types{"bundle_accepted", "bundle_claimed", "bundle_rejected", "payload_destroyed"}
    );
    check_leaves(db);
}

TEST_CASE("A waiting bundle is withdrawn once; a claimed or fetched one is not", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    const auto item = whole();
    REQUIRE(run_coro(store->accept(item)).has_value());
    const auto withdraw = [&](BundleId id, const OfficeNumber& by) {
        return run_coro(store->withdraw(id, by, attempt_of("KJ000000000001")));
    };
    CHECK(withdraw(item.bundle_id, other_office).error().code == ErrorCode::not_found);
    const auto withdrawn = withdraw(item.bundle_id, sender_office);
    REQUIRE(withdrawn.has_value());
    CHECK(withdrawn.value()->state == BundleState::withdrawn);
    CHECK(withdraw(item.bundle_id, sender_office).value()->withdrawn_at == withdrawn.value()->withdrawn_at);
    CHECK(db.events(item.bundle_id) == Types{"bundle_accepted", "bundle_withdrawn", "payload_destroyed"});
    CHECK(run_coro(store->claim(claim_of(item))).error().code == ErrorCode::withdrawn);

    const Claimed c(store);
    CHECK(withdraw(c.bundle.bundle_id, sender_office).error().code == ErrorCode::already_claimed);
    REQUIRE(run_coro(store->receive_receipt(receipt_of(c.bundle, c.claim, rejected))).has_value());
    CHECK(withdraw(c.bundle.bundle_id, sender_office).error().code == ErrorCode::too_late_to_withdraw);
    CHECK(db.value("SELECT count(*) FROM payload_chunks") == "0");
    check_leaves(db);
}

TEST_CASE("A bundle that nobody claims expires", "[storage]") {
    BundleDatabase db;
    db.options.expire_after = std::chrono::milliseconds(50);
    const auto store = db.open();
    const auto item = whole();
    REQUIRE(run_coro(store->accept(item)).has_value());
    settle_until(store, [&] { return db.state(item.bundle_id) == "expired"; });
    CHECK(db.events(item.bundle_id) == Types{"bundle_accepted", "bundle_expired", "payload_destroyed"});
    CHECK(run_coro(store->claim(claim_of(item))).error().code == ErrorCode::expired);
    CHECK(
        run_coro(store->withdraw(item.bundle_id, sender_office, attempt_of("KJ000000000001"))).error().code ==
        ErrorCode::expired
    );
    check_leaves(db);
}

TEST_CASE("A claim lapses before every byte was sent, and its claim_id cannot claim again", "[storage]") {
    BundleDatabase db;
    db.options.partial_lapse = std::chrono::milliseconds(50);
    const auto store = db.open();
    const Claimed c(store);
    settle_until(store, [&] { return db.state(c.bundle.bundle_id) == "waiting"; });
    CHECK(run_coro(store->claim(c.claim)).error().code == ErrorCode::not_claimed);
    CHECK(
        run_coro(store->receive_receipt(receipt_of(c.bundle, c.claim, rejected))).error().code == ErrorCode::not_claimed
    );
    const auto found = run_coro(store->find(c.bundle.bundle_id, false));
    CHECK_FALSE(found.value()->claim_id);
    CHECK_FALSE(found.value()->claimed_at);
    const auto second = claim_of(c.bundle);
    REQUIRE(run_coro(store->claim(second)).has_value());
    CHECK(
        db.events(c.bundle.bundle_id) == Types{"bundle_accepted", "bundle_claimed", "claim_lapsed", "bundle_claimed"}
    );
    check_leaves(db);
}

TEST_CASE("A lapse that nobody settled is settled by the call that meets it", "[storage]") {
    BundleDatabase db;
    db.options.partial_lapse = std::chrono::milliseconds(1);
    const auto store = db.open();
    const Claimed c(store);
    const auto due = [&] { return db.value("SELECT due_at < clock_timestamp() FROM bundles") == "t"; };
    while (!due()) {
    }
    SECTION("a chunk read") {
        const auto located = run_coro(store->locate_chunk(c.bundle.bundle_id, 0, c.claim.claim_id, recipient_office));
        CHECK(located.error().code == ErrorCode::not_claimed);
    }
    SECTION("the claim itself, by another claim_id") {
        CHECK(run_coro(store->claim(claim_of(c.bundle))).has_value());
    }
    SECTION("a withdrawal") {
        const auto gone = run_coro(store->withdraw(c.bundle.bundle_id, sender_office, attempt_of("KJ000000000001")));
        CHECK(gone.value()->state == BundleState::withdrawn);
    }
    CHECK(db.events(c.bundle.bundle_id).at(2) == "claim_lapsed");
}

TEST_CASE("A claim that lapses past the bundle's time lapses and expires at once", "[storage]") {
    BundleDatabase db;
    db.options.partial_lapse = std::chrono::milliseconds(400);
    db.options.expire_after = std::chrono::milliseconds(300);
    const auto store = db.open();
    const Claimed c(store);
    settle_until(store, [&] { return db.state(c.bundle.bundle_id) != "claimed"; });
    CHECK(
        db.events(c.bundle.bundle_id) ==
        Types{"bundle_accepted", "bundle_claimed", "claim_lapsed", "bundle_expired", "payload_destroyed"}
    );
    check_leaves(db);
}

TEST_CASE("A claim that lapses after every byte was sent is fetched without confirmation", "[storage]") {
    BundleDatabase db;
    db.options.sent_lapse = std::chrono::milliseconds(50);
    const auto store = db.open();
    const Claimed c(store);
    REQUIRE(run_coro(store->cover(coverage_of(c.claim, {{0, 100}}))).has_value());
    settle_until(store, [&] { return db.state(c.bundle.bundle_id) == "fetched"; });
    const auto found = run_coro(store->find(c.bundle.bundle_id, true));
    CHECK(found.value()->confirmation == "none");
    CHECK(found.value()->signed_manifest == c.bundle.signed_manifest);
    CHECK(
        run_coro(store->receive_receipt(receipt_of(c.bundle, c.claim, rejected))).error().code ==
        ErrorCode::already_fetched
    );

    const auto late = run_coro(store->receive_receipt(receipt_of(c.bundle, c.claim, stored)));
    REQUIRE(late.has_value());
    CHECK(late->confirmation == "receipt");
    CHECK(late->fetched_at == found.value()->fetched_at);
    CHECK(
        db.events(c.bundle.bundle_id) ==
        Types{"bundle_accepted", "bundle_claimed", "bundle_sent", "bundle_fetched", "payload_destroyed", "receipt_late"}
    );
    check_leaves(db);
}

TEST_CASE("A repeated claim keeps it, gives the payload again and is told to nobody", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    const Claimed c(store);
    auto again = c.claim;
    again.attempt = attempt_of("KJ000000000002");
    const auto held = run_coro(store->claim(again));
    REQUIRE(held.has_value());
    CHECK(held->payload == c.bundle.payload);
    CHECK(held->bundle.claimed_at == c.claimed->bundle.claimed_at);
    CHECK(held->bundle.last_call_at >= c.claimed->bundle.last_call_at);
    again.inline_limit = 99;
    CHECK_FALSE(run_coro(store->claim(again))->payload);
    CHECK(db.events(c.bundle.bundle_id) == Types{"bundle_accepted", "bundle_claimed"});
    auto foreign = claim_of(c.bundle);
    foreign.recipient = other_office;
    CHECK(run_coro(store->claim(foreign)).error().code == ErrorCode::not_found);
    const auto elsewhere = run_coro(store->claim(claim_of(c.bundle)));
    CHECK(elsewhere.error().code == ErrorCode::claimed_elsewhere);
    CHECK(run_coro(store->claim(claim_of(whole()))).error().code == ErrorCode::not_found);
}

TEST_CASE("What waits for one office, another can neither claim nor learn of", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    const auto bundle = whole();
    REQUIRE(run_coro(store->accept(bundle)).has_value());
    auto foreign = claim_of(bundle);
    foreign.recipient = other_office;
    CHECK(run_coro(store->claim(foreign)).error().code == ErrorCode::not_found);
    CHECK(db.state(bundle.bundle_id) == "waiting");
    CHECK(db.events(bundle.bundle_id) == Types{"bundle_accepted"});
    CHECK(run_coro(store->claim(claim_of(bundle))).has_value());
}

TEST_CASE("What was wholly sent is fetched, though the bundle's time passed during the claim", "[storage]") {
    BundleDatabase db;
    db.options.sent_lapse = std::chrono::milliseconds(400);
    db.options.expire_after = std::chrono::milliseconds(300);
    const auto store = db.open();
    const Claimed c(store);
    REQUIRE(run_coro(store->cover(coverage_of(c.claim, {{0, 100}}))).has_value());
    settle_until(store, [&] { return db.state(c.bundle.bundle_id) != "claimed"; });
    CHECK(
        db.events(c.bundle.bundle_id) ==
        Types{"bundle_accepted", "bundle_claimed", "bundle_sent", "bundle_fetched", "payload_destroyed"}
    );
    check_leaves(db);
}
