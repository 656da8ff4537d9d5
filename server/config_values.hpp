// The forms of configuration values: durations, sizes, endpoints, versions; text in, value out.
#pragma once

#include "protocol/time.hpp"
#include "server/config.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relay::server {

/// "500ms", "90s", "15m", "24h", "93d": a whole number and one unit.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
[[nodiscard]] std::string to_text(Duration duration);

/// Bytes, or a whole number with KiB, MiB or GiB.
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);
[[nodiscard]] std::string size_text(std::int64_t bytes);

/// "host:port", "[::1]:8443"; the host is not resolved here.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);
[[nodiscard]] std::string to_text(const Endpoint& endpoint);

[[nodiscard]] std::optional<std::int64_t> parse_whole_number(std::string_view text);
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);
/// Dot-separated numbers.
[[nodiscard]] bool is_version(std::string_view text);

} // namespace relay::server
