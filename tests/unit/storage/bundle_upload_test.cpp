#include "tests/unit/storage/bundle_fixture.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace relay;
using namespace relay::test;
using protocol::ErrorCode;
using Types = std::vector<std::string>;

namespace {

ChunkItem object_chunk(const AcceptItem& upload, int n, const std::string& key) {
    auto item = chunk_of(upload, n);
    item.bytes.reset();
    item.object_key = key;
    return item;
}

protocol::DeliveryEvent refusal_of(const AcceptItem& upload) {
    protocol::DeliveryEvent event;
    event.event_id = new_event_id();
    event.type = protocol::EventType::bundle_refused;
    event.actor = upload.attempt.actor;
    event.bundle_id = upload.bundle_id;
    event.code = "not_encrypted_for_recipient";
    return event;
}

} // namespace

TEST_CASE("Chunks come in any order; the one that completes the bundle is told so", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    const auto upload = reservation(3);
    const auto reserved = run_coro(store->accept(upload));
    REQUIRE(reserved.has_value());
    CHECK(reserved->bundle.state == BundleState::uploading);
    CHECK(reserved->bundle.missing_chunks == std::vector<int>{0, 1, 2});
    CHECK_FALSE(reserved->bundle.accepted_at);
    CHECK(db.events(upload.bundle_id).empty());

    const auto first = run_coro(store->put_chunk(chunk_of(upload, 2)));
    REQUIRE(first.has_value());
    CHECK_FALSE(first->completed);
    CHECK(first->bundle.missing_chunks == std::vector<int>{0, 1});
    CHECK_FALSE(run_coro(store->put_chunk(chunk_of(upload, 2)))->completed);
    CHECK_FALSE(run_coro(store->put_chunk(chunk_of(upload, 0)))->completed);
    const auto last = run_coro(store->put_chunk(chunk_of(upload, 1)));
    REQUIRE(last.has_value());
    CHECK(last->completed);
    CHECK(last->bundle.state == BundleState::waiting);
    CHECK(last->bundle.in_place == 1);
    const auto repeated = run_coro(store->put_chunk(chunk_of(upload, 1)));
    REQUIRE(repeated.has_value());
    CHECK_FALSE(repeated->completed);
    CHECK(db.events(upload.bundle_id) == Types{"bundle_accepted"});
    CHECK(run_coro(store->claim(claim_of(upload)))->payload == std::nullopt);
}

TEST_CASE("A chunk that the bundle does not have never stands in for one that is missing", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    const auto upload = reservation(3);
    REQUIRE(run_coro(store->accept(upload)).has_value());
    for (const int n : {3, -1}) {
        auto beyond = chunk_of(upload, 0);
        beyond.n = n;
        const auto put = run_coro(store->put_chunk(beyond));
        CHECK((!put || !put->completed));
    }
    CHECK_FALSE(run_coro(store->put_chunk(chunk_of(upload, 0)))->completed);
    CHECK_FALSE(run_coro(store->put_chunk(chunk_of(upload, 1)))->completed);
    CHECK(db.state(upload.bundle_id) == "uploading");
    CHECK(run_coro(store->put_chunk(chunk_of(upload, 2)))->completed);
}

TEST_CASE(
    "An upload that is not finished in time is dropped without a trace, and its chunks cannot enter a new one",
    "[storage]"
) {
    BundleDatabase db;
    db.options.unfinished_upload = std::chrono::milliseconds(50);
    const auto impatient = db.open();
    const auto upload = reservation(2);
    REQUIRE(run_coro(impatient->accept(upload)).has_value());
    settle_until(impatient, [&] { return db.state(upload.bundle_id).empty(); });
    CHECK(db.value("SELECT (SELECT count(*) FROM payload_chunks) + (SELECT count(*) FROM bundle_manifests)") == "0");

    db.options.unfinished_upload = std::chrono::hours(1);
    const auto store = db.open();
    auto renewed = upload;
    renewed.upload_id = new_upload_id();
    CHECK(run_coro(store->accept(renewed))->what == AcceptOutcome::What::created);
    CHECK(run_coro(store->put_chunk(chunk_of(upload, 0))).error().code == ErrorCode::not_found);
    CHECK(run_coro(store->find(upload.bundle_id, false)).value()->missing_chunks == std::vector<int>{0, 1});
    CHECK(db.events(upload.bundle_id).empty());
}

TEST_CASE("A refused payload drops its own upload only, and a withdrawal drops it too", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    const auto upload = reservation(2);
    REQUIRE(run_coro(store->accept(upload)).has_value());
    REQUIRE(run_coro(store->put_chunk(chunk_of(upload, 0))).has_value());
    CHECK_FALSE(run_coro(store->drop_upload(upload.bundle_id, new_upload_id(), refusal_of(upload))).value());
    CHECK(db.state(upload.bundle_id) == "uploading");
    CHECK(db.events(upload.bundle_id).empty());
    CHECK(run_coro(store->drop_upload(upload.bundle_id, upload.upload_id, refusal_of(upload))).value());
    CHECK(db.state(upload.bundle_id).empty());
    CHECK(db.events(upload.bundle_id) == std::vector<std::string>{"bundle_refused"});
    REQUIRE(run_coro(store->accept(upload)).has_value());
    const auto dropped = run_coro(store->withdraw(upload.bundle_id, sender_office, attempt_of("KJ000000000001")));
    REQUIRE(dropped.has_value());
    CHECK_FALSE(dropped.value().has_value());
    CHECK(db.state(upload.bundle_id).empty());
    CHECK(db.value("SELECT count(*) FROM payload_chunks") == "0");
    CHECK(db.events(upload.bundle_id) == std::vector<std::string>{"bundle_refused"});
}

TEST_CASE("A sender reserves up to its quota and no byte beyond; inline payloads do not count", "[storage]") {
    BundleDatabase db;
    db.options.outstanding_upload_bytes = 500;
    const auto store = db.open();
    const auto first = reservation(3);
    REQUIRE(run_coro(store->accept(first)).has_value());
    CHECK(run_coro(store->accept(reservation(3))).error().code == ErrorCode::quota_exceeded);
    REQUIRE(run_coro(store->accept(reservation(2))).has_value());
    CHECK(run_coro(store->accept(reservation(1))).error().code == ErrorCode::quota_exceeded);
    CHECK(run_coro(store->accept(first))->what == AcceptOutcome::What::created); // its own attempt, repeated
    auto again = first;
    again.upload_id = new_upload_id();
    CHECK(run_coro(store->accept(again))->what == AcceptOutcome::What::known);
    CHECK(run_coro(store->accept(whole(1000))).has_value());
    auto others = reservation(5);
    others.sender = other_office;
    CHECK(run_coro(store->accept(others)).has_value());
    for (int n = 0; n < 3; ++n) {
        REQUIRE(run_coro(store->put_chunk(chunk_of(first, n))).has_value());
    }
    CHECK(run_coro(store->accept(reservation(3))).has_value());
}

TEST_CASE("A chunk in the object store is taken only where its object was announced and is not doomed", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    const auto upload = reservation(2);
    REQUIRE(run_coro(store->accept(upload)).has_value());
    CHECK(run_coro(store->put_chunk(object_chunk(upload, 0, "unknown"))).error().code == ErrorCode::not_found);
    REQUIRE(run_coro(store->announce_object("slow")).has_value());
    const auto doomed = run_coro(store->doomed_objects(std::chrono::milliseconds(-1000), 10));
    CHECK(doomed.value() == std::vector<std::string>{"slow"});
    CHECK(run_coro(store->put_chunk(object_chunk(upload, 0, "slow"))).error().code == ErrorCode::not_found);
    REQUIRE(run_coro(store->forget_objects({"slow"})).has_value());

    REQUIRE(run_coro(store->announce_object("good")).has_value());
    REQUIRE(run_coro(store->announce_object("spare")).has_value());
    REQUIRE(run_coro(store->put_chunk(object_chunk(upload, 0, "good"))).has_value());
    REQUIRE(run_coro(store->put_chunk(object_chunk(upload, 0, "spare"))).has_value());
    CHECK(db.value("SELECT string_agg(key || doomed, ',') FROM pending_objects") == "sparetrue");
    CHECK(db.value("SELECT object_key FROM payload_chunks") == "good");
}

TEST_CASE("Doomed objects are given out in turn, so that those that cannot be removed hold nobody up", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    for (const char* key : {"one", "two", "three"}) {
        REQUIRE(run_coro(store->announce_object(key)).has_value());
    }
    std::set<std::string> given;
    for (int i = 0; i < 3; ++i) {
        const auto next = run_coro(store->doomed_objects(std::chrono::milliseconds(-1000), 1));
        REQUIRE(next.value().size() == 1);
        given.insert(next->front());
    }
    CHECK(given.size() == 3);
    CHECK(run_coro(store->doomed_objects(std::chrono::milliseconds(-1000), 10))->size() == 3);
}

TEST_CASE("A payload in the object store is told destroyed when its last object is gone", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    const auto upload = reservation(3);
    REQUIRE(run_coro(store->accept(upload)).has_value());
    for (const int n : {0, 1}) {
        REQUIRE(run_coro(store->announce_object("key" + std::to_string(n))).has_value());
        REQUIRE(run_coro(store->put_chunk(object_chunk(upload, n, "key" + std::to_string(n)))).has_value());
    }
    REQUIRE(run_coro(store->put_chunk(chunk_of(upload, 2)))->completed);
    const auto claim = claim_of(upload);
    REQUIRE(run_coro(store->claim(claim)).has_value());

    const auto source = run_coro(store->locate_chunk(upload.bundle_id, 1, claim.claim_id, recipient_office));
    REQUIRE(source.has_value());
    CHECK(source->object_key == "key1");
    CHECK(source->offset == 100);
    CHECK(source->size == 100);
    CHECK(source->sha256 == upload.chunk_digests[1]);
    CHECK(source->sender == sender_office);
    CHECK(
        run_coro(store->locate_chunk(upload.bundle_id, 2, claim.claim_id, recipient_office))->bytes == payload_of(100)
    );
    const auto locate_error = [&](int n, ClaimId claim_id, const OfficeNumber& by) {
        return run_coro(store->locate_chunk(upload.bundle_id, n, claim_id, by)).error().code;
    };
    CHECK(locate_error(3, claim.claim_id, recipient_office) == ErrorCode::not_found);
    CHECK(locate_error(-1, claim.claim_id, recipient_office) == ErrorCode::not_found);
    CHECK(locate_error(1, claim.claim_id, other_office) == ErrorCode::not_found);
    CHECK(locate_error(1, new_claim_id(), recipient_office) == ErrorCode::not_claimed);

    REQUIRE(run_coro(store->receive_receipt(receipt_of(upload, claim, protocol::Outcome::rejected))).has_value());
    CHECK(locate_error(2, claim.claim_id, recipient_office) == ErrorCode::not_claimed);
    CHECK(db.value("SELECT count(*) FROM payload_chunks") == "0");
    CHECK(db.events(upload.bundle_id).back() == "bundle_rejected");
    auto doomed = run_coro(store->doomed_objects(std::chrono::hours(24), 10));
    REQUIRE(doomed.has_value());
    CHECK(doomed->size() == 2);
    REQUIRE(run_coro(store->forget_objects({"key0"})).has_value());
    CHECK(db.events(upload.bundle_id).back() == "bundle_rejected");
    REQUIRE(run_coro(store->forget_objects({"key1"})).has_value());
    REQUIRE(run_coro(store->forget_objects({"key0", "key1"})).has_value());
    CHECK(
        db.events(upload.bundle_id) ==
        Types{"bundle_accepted", "bundle_claimed", "bundle_rejected", "payload_destroyed"}
    );
}
