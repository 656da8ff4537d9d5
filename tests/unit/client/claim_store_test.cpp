#include "client/claim_store.hpp"

#include "tests/unit/client/test_office.hpp"

#include <catch2/catch.hpp>

using namespace relay::client;
using namespace relay::client::testing;
namespace protocol = relay::protocol;

TEST_CASE("a claim that was stored is found again after a crash", "[client]") {
    const auto folder = TemporaryFolder::make();
    const ClaimStore store(folder->path());
    REQUIRE(ok(store.prepare()));
    const protocol::BundleId id{protocol::random_uuid()};
    CHECK_FALSE(store.load(id)->has_value());

    ClaimRecord record;
    record.claim_id = {protocol::random_uuid()};
    record.owner = {"https://relay.example", "2670100011"};
    REQUIRE(ok(store.save(id, record)));
    auto found = ClaimStore(folder->path()).load(id);
    REQUIRE((found && *found));
    CHECK((**found).claim_id.str() == record.claim_id.str());
    CHECK_FALSE((**found).outcome.has_value());
    CHECK((**found).owner.url == "https://relay.example");
    CHECK((**found).owner.office == "2670100011");

    record.manifest_sha256 = protocol::Digest::of(std::string_view("manifest"));
    record.outcome = protocol::Outcome::rejected;
    record.reason = "cannot be decrypted";
    REQUIRE(ok(store.save(id, record)));
    found = store.load(id);
    REQUIRE((found && *found));
    CHECK((**found).outcome == protocol::Outcome::rejected);
    CHECK(((**found).manifest_sha256 == record.manifest_sha256));
    CHECK((**found).reason == record.reason);

    REQUIRE(store.unfinished().size() == 1);
    CHECK(store.unfinished().front().str() == id.str());
    REQUIRE(ok(store.remove(id)));
    CHECK(store.unfinished().empty());
    CHECK_FALSE(store.load(id)->has_value());
}

TEST_CASE("a record that cannot be read is told and not replaced", "[client]") {
    const auto folder = TemporaryFolder::make();
    const ClaimStore store(folder->path());
    REQUIRE(ok(store.prepare()));
    const protocol::BundleId id{protocol::random_uuid()};
    put_file(folder->path() / ".relay-claims" / id.str(), "{\"claim_id\":");
    CHECK_FALSE(ok(store.load(id)));
}

TEST_CASE("two downloads of one bundle into one folder exclude each other", "[client]") {
    const auto folder = TemporaryFolder::make();
    const ClaimStore store(folder->path());
    REQUIRE(ok(store.prepare()));
    const protocol::BundleId id{protocol::random_uuid()};
    {
        const auto first = store.lock(id);
        REQUIRE(ok(first));
        CHECK_FALSE(ok(store.lock(id)));
        CHECK(ok(store.lock({protocol::random_uuid()})));
    }
    CHECK(ok(store.lock(id)));
}

TEST_CASE("a claim that an older version stored is read, without its owner", "[client]") {
    const auto folder = TemporaryFolder::make();
    const ClaimStore store(folder->path());
    REQUIRE(ok(store.prepare()));
    const protocol::BundleId id{protocol::random_uuid()};
    put_file(folder->path() / ".relay-claims" / id.str(), "{\"claim_id\":\"" + protocol::random_uuid().str() + "\"}\n");
    const auto found = store.load(id);
    REQUIRE((found && *found));
    CHECK((**found).owner.office.empty());
}
