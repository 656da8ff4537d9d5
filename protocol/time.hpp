// Moments and their RFC 3339 forms. Reads no clock: `now` is always a parameter of who needs it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relay::protocol {

/// Milliseconds since 1970-01-01T00:00:00Z, the precision of every time on the wire.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

/// "2026-11-20T00:15:00.000Z"
[[nodiscard]] std::string to_rfc3339(Time time);
/// RFC 3339 with a zone (`Z` or an offset); fractions are cut to milliseconds; `60` seconds only as a leap second.
[[nodiscard]] std::optional<Time> parse_rfc3339(std::string_view text);

/// A calendar day in Japan (UTC+9, no daylight saving), "2026-11-20".
using Day = std::chrono::sys_days;
[[nodiscard]] Day day_in_japan(Time time);
[[nodiscard]] std::string to_string(Day day);
[[nodiscard]] std::optional<Day> parse_day(std::string_view text);

/// Whole seconds up; for Retry-After.
[[nodiscard]] inline int seconds_up(Duration d) {
    return static_cast<int>((d.count() + 999) / 1000);
}

} // namespace relay::protocol
