// RFC 3339 times and calendar days.
#include "protocol/time.hpp"

#include "tests/fuzz/check.hpp"

namespace relay::fuzz {

void judge(protocol::BytesView input) {
    using namespace protocol;
    const std::string_view text = as_text(input);
    if (const auto time = parse_rfc3339(text)) {
        const std::string told = to_rfc3339(*time);
        require(told.size() == 24 && told.ends_with('Z'), "a time is told in 24 characters");
        require(parse_rfc3339(told) == time, "a time survives being told");
        require(text.size() >= 20, "date, time and zone are there");
    }
    if (const auto day = parse_day(text)) {
        require(to_string(*day) == text, "a day has one spelling");
        const auto noon = Time(*day) + std::chrono::hours(3);
        require(day_in_japan(noon) == *day, "noon in Japan is on that day");
    }
}

} // namespace relay::fuzz
