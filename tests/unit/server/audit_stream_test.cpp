#include "server/api/audit_stream.hpp"

#include <catch2/catch.hpp>

using relay::server::api::choose_event_form;
using relay::server::api::EventForm;

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
