#include "server/api/bundle_json.hpp"

#include "accounts_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace relay;
using server::api::append_bundle_json;
using server::api::Detail;

namespace {

nlohmann::json shown(test::AccountsFixture& fixture, const storage::BundleRecord& bundle) {
    std::string out;
    REQUIRE(fixture.run(append_bundle_json(out, fixture.registry, bundle, Detail::list)).has_value());
    return nlohmann::json::parse(out);
}

} // namespace

TEST_CASE("a bundle from an office that was added a moment ago is shown with its name", "[api]") {
    test::AccountsFixture fixture;
    fixture.load();
    storage::BundleRecord bundle;
    bundle.files_json = "[]";
    bundle.sender = *protocol::OfficeNumber::parse("2670100029");
    bundle.recipient = fixture.office;
    storage::RegistryDelta delta;
    delta.offices.push_back({bundle.sender, "新しい\"事業所\"", "26", false});
    fixture.add_change(delta);
    const int before = fixture.store.version_reads;
    CHECK(shown(fixture, bundle)["sender"] == nlohmann::json{{"number", "2670100029"}, {"name", "新しい\"事業所\""}});
    CHECK(fixture.store.version_reads == before + 1);
    CHECK(shown(fixture, bundle)["recipient"]["name"] == "介護事業所");
    CHECK(fixture.store.version_reads == before + 1);
}

TEST_CASE("while the accounts cannot be read, a bundle of an unknown office is not shown without its name", "[api]") {
    test::AccountsFixture fixture;
    fixture.load();
    storage::BundleRecord bundle;
    bundle.sender = *protocol::OfficeNumber::parse("2670100029");
    bundle.recipient = fixture.office;
    fixture.store.down = true;
    std::string out;
    const auto outcome = fixture.run(append_bundle_json(out, fixture.registry, bundle, Detail::list));
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code == protocol::ErrorCode::unavailable);
    CHECK(out.empty());
}
