#include "protocol/delivery_event.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

using namespace relay::protocol;

namespace {

DeliveryEvent full_event() {
    DeliveryEvent event;
    event.event_id = *EventId::parse("0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10");
    event.type = EventType::bundle_fetched;
    event.at = *parse_rfc3339("2026-11-20T09:15:00.007+09:00");
    event.actor = Actor{"KJ000000000001", Digest{}};
    event.subject = Subject{"KJ000000000002", Digest{}, OfficeNumber::parse("2670100029")};
    event.bundle_id = *BundleId::parse("0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a11");
    event.sender = OfficeNumber::parse("2670100011");
    event.recipient = OfficeNumber::parse("2670100029");
    event.manifest_sha256 = Digest{};
    event.receipt_sha256 = Digest{};
    event.code = "quoted \" \\ \n \x01";
    event.confirmation = "receipt";
    return event;
}

} // namespace

TEST_CASE("The leaf of an event is its RFC 8785 form", "[protocol]") {
    const std::string zeros(64, '0');
    CHECK(
        canonical_leaf(full_event()) ==
        R"({"actor":{"certificate_sha256":")" + zeros + R"(","user_id":"KJ000000000001"},)" +
            R"("at":"2026-11-20T00:15:00.007Z","bundle_id":"0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a11",)" +
            R"("code":"quoted \" \\ \n \u0001","confirmation":"receipt",)" +
            R"("event_id":"0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10","manifest_sha256":")" + zeros +
            R"(","receipt_sha256":")" + zeros + R"(","recipient":"2670100029","sender":"2670100011",)" +
            R"("subject":{"certificate_sha256":")" + zeros +
            R"(","office":"2670100029","user_id":"KJ000000000002"},"type":"bundle_fetched"})"
    );
}

TEST_CASE("The members of a leaf are sorted, as an independent writer sorts them", "[protocol]") {
    const std::string leaf = canonical_leaf(full_event());
    // nlohmann::json keeps members in a std::map, which sorts ASCII names as RFC 8785 does.
    CHECK(nlohmann::json::parse(leaf).dump() == leaf);
}

TEST_CASE("What does not apply is left out of a leaf", "[protocol]") {
    DeliveryEvent event;
    event.type = EventType::operator_action;
    event.actor = Actor{"relayctl", std::nullopt};
    event.subject = Subject{};
    CHECK(
        canonical_leaf(event) == R"({"actor":{"user_id":"relayctl"},"at":"1970-01-01T00:00:00.000Z",)"
                                 R"("event_id":"00000000-0000-0000-0000-000000000000","type":"operator_action"})"
    );
    event.actor.reset();
    CHECK(canonical_leaf(event).starts_with("{\"at\":"));
}

TEST_CASE("Event types are read and told by the same names", "[protocol]") {
    for (unsigned i = 0; i <= static_cast<unsigned>(EventType::operator_action); ++i) {
        const auto type = static_cast<EventType>(i);
        CHECK(parse_event_type(to_string(type)) == type);
    }
    CHECK(to_string(EventType::bundle_accepted) == "bundle_accepted");
    CHECK(to_string(EventType::payload_destroyed) == "payload_destroyed");
    CHECK(to_string(EventType::session_opened) == "session_opened");
    CHECK(to_string(EventType::licence_changed) == "licence_changed");
    CHECK_FALSE(parse_event_type("bundle_dropped"));
}

TEST_CASE("What an event does not know is not in its leaf", "[protocol]") {
    DeliveryEvent event = full_event();
    event.actor->user_id.clear();
    event.subject.reset();
    const auto leaf = nlohmann::json::parse(canonical_leaf(event));
    CHECK_FALSE(leaf.contains("subject"));
    CHECK_FALSE(leaf["actor"].contains("user_id"));
    CHECK(leaf["actor"].contains("certificate_sha256"));
}
