// Log lines: one JSON object a line. `event` is a constant; facts are fields. Never bodies, secrets or personal data.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::server::ops {

enum class Level : std::uint8_t { debug, info, warn, error };

/// Asynchronous and bounded: lines beyond what may wait are dropped and counted. To standard output. Call once, before
/// any other thread.
void start_log(std::string_view level);
/// Writes out what is queued; last thing in main.
void stop_log();
void set_log_level(std::string_view level);

/// Thread-safe; adds `at` and `level`. Members with the reserved names at, level, event are overwritten.
void log(Level level, std::string_view event, nlohmann::json fields = nlohmann::json::object());

/// For lines on a hot path, written within 50 ms (warnings and errors at once): `members` is JSON, ready-made, without
/// braces, and begins with a comma (`,"status":200`).
void log_members(Level level, std::string_view event, std::string_view members);
/// Whether a line of this level would be written at all.
[[nodiscard]] bool log_enabled(Level level) noexcept;
/// Lines lost because the queue was full.
[[nodiscard]] std::uint64_t dropped_log_lines();

} // namespace relay::server::ops
