// Query parameters of lists: cursors, numbers, times. The input is the value of each.
#include "server/api/event_cursor.hpp"
#include "server/api/parameters.hpp"

#include "tests/fuzz/check.hpp"

namespace relay::fuzz {

namespace {

server::http::Request request_with(std::string name, std::string value) {
    server::http::Request request;
    request.query.emplace_back(std::move(name), std::move(value));
    return request;
}

} // namespace

void judge(protocol::BytesView input) {
    using server::api::Parameters;
    const std::string text(protocol::as_text(input));
    const auto request = request_with("after", text);
    Parameters inbox(request, {"after"});
    Parameters outbox(request, {"after"});
    const auto place = inbox.cursor("inbox");
    require(place.has_value() == inbox.verdict().has_value(), "a bad cursor is told");
    if (place) {
        require(*place >= 0, "a cursor is a position");
        require(!outbox.cursor("outbox"), "a cursor fits its own list alone");
        const auto again = request_with("after", server::api::encode_cursor("inbox", *place));
        require(Parameters(again, {"after"}).cursor("inbox") == place, "a cursor survives being told");
    }
    if (const auto event_place = server::api::parse_event_cursor(text)) {
        const auto again = server::api::encode_event_cursor(*event_place);
        require(server::api::parse_event_cursor(again) == event_place, "a cursor of the log survives being told");
    }
    Parameters numbers(request, {"after"});
    const auto number = numbers.integer("after", 5, 1'000'000);
    require(number.has_value() == numbers.verdict().has_value(), "a bad number is told");
    require(!number || (*number >= 5 && *number <= 1'000'000), "a number is within its bounds");
    Parameters times(request, {"after"});
    require(times.time("after").has_value() == times.verdict().has_value(), "a bad time is told");
    require(Parameters(request, {"limit"}).verdict().has_error(), "an unknown parameter is told");
}

} // namespace relay::fuzz
