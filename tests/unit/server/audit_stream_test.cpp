#include "server/api/audit_stream.hpp"
#include "server/api/event_cursor.hpp"
#include "tests/support/run_coro.hpp"

#include <catch2/catch.hpp>

using relay::protocol::as_bytes;
using relay::protocol::Result;
using relay::protocol::to_base64url;
using relay::server::api::choose_event_form;
using relay::server::api::encode_event_cursor;
using relay::server::api::EventForm;
using relay::server::api::parse_event_cursor;
using relay::storage::EventPlace;

TEST_CASE("an auditor gets the form of the log that its program likes best, and JSON otherwise", "[server]") {
    const std::pair<const char*, EventForm> cases[] = {
        {"", EventForm::json},
        {"*/*", EventForm::json},
        {"image/png", EventForm::json},
        {"text/csv", EventForm::csv},
        {"application/x-ndjson", EventForm::lines},
        {"Text/CSV", EventForm::csv},
        {"application/X-NDJSON", EventForm::lines},
        {"application/json, text/csv", EventForm::json},
        {"application/json;q=0.5, text/csv", EventForm::csv},
        {"text/csv;q=0.1 , application/x-ndjson;q=0.2", EventForm::lines},
        {"text/csv;q=0", EventForm::json},
        {"text/csv;q=x, */*;q=0.1", EventForm::json},
    };
    for (const auto& [accept, form] : cases) {
        CAPTURE(accept);
        CHECK(choose_event_form(accept) == form);
    }
}

TEST_CASE("a cursor of the log says where its page ended, and any other text is told as bad", "[server]") {
    for (const auto& place :
         {EventPlace{}, EventPlace{7, 0, 0, {}}, EventPlace{-1, 3, 9, {}}, EventPlace{7, 3, 9, {5, 8}}}) {
        CHECK(parse_event_cursor(encode_event_cursor(place)) == place);
    }
    for (const std::string plain :
         {"",
          "ev",
          "ev:",
          "ev:x",
          "ev:-2",
          "ev:1:2",
          "ev:1:2:",
          "ev:1:2:3:",
          "ev:1:2:3;4",
          "ev:1:0:3",
          "ev:1:2:0",
          "ev:9223372036854775808",
          "inbox:1",
          "ev: 1",
          "ev:1 "}) {
        CAPTURE(plain);
        CHECK_FALSE(parse_event_cursor(to_base64url(as_bytes(plain))).has_value());
    }
    CHECK_FALSE(parse_event_cursor("ev:1").has_value());
    CHECK_FALSE(parse_event_cursor(to_base64url(as_bytes("ev:" + std::string(9000, '1')))).has_value());
}

namespace {

/// A log that never ends.
class EndlessLog final : public relay::storage::EventStore {
public:
    relay::Awaitable<Result<void>> record_refusal(relay::protocol::DeliveryEvent /*event*/) override {
        co_return Result<void>();
    }
    relay::Awaitable<Result<relay::storage::EventPage>> list_events(relay::storage::EventQuery query) override {
        relay::storage::EventPage page;
        page.events.push_back({1, 1, "{}"});
        page.next = query.after;
        co_return page;
    }
    relay::Awaitable<Result<std::optional<relay::storage::AuditBundle>>>
    find_audit_bundle(relay::protocol::BundleId /*bundle_id*/) override {
        co_return std::optional<relay::storage::AuditBundle>();
    }
};

} // namespace

TEST_CASE("a streamed log ends with the session or the certificate that it was asked with", "[server]") {
    EndlessLog log;
    Result<void> verdict;
    const auto ask = [&verdict]() -> relay::Awaitable<Result<void>> { co_return verdict; };
    const auto response = relay::server::api::stream_events(log, {}, EventForm::lines, ask);
    for (int page = 0; page < 3; ++page) {
        const auto piece = relay::test::run_coro(response.source->next());
        REQUIRE(piece.has_value());
        CHECK(relay::protocol::as_text(*piece) == "{,\"index\":1}\n");
    }
    verdict = relay::protocol::Error(relay::protocol::ErrorCode::session_expired);
    const auto refused = relay::test::run_coro(response.source->next());
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == relay::protocol::ErrorCode::session_expired);
}
