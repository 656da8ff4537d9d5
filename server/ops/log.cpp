#include "server/ops/log.hpp"

#include "protocol/time.hpp"
#include "server/ops/line_writer.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include <unistd.h>

namespace relay::server::ops {

namespace {

std::atomic<Level> least{Level::info};
// Set once before other threads begin, cleared after they ended.
std::unique_ptr<LineWriter> writer;

std::string_view to_string(Level level) {
    switch (level) {
    case Level::debug:
        return "debug";
    case Level::info:
        return "info";
    case Level::warn:
        return "warn";
    case Level::error:
        return "error";
    }
    return "error";
}

Level parse_level(std::string_view text) {
    for (const Level level : {Level::debug, Level::warn, Level::error}) {
        if (text == to_string(level)) {
            return level;
        }
    }
    return Level::info;
}

std::string now_text() {
    return protocol::to_rfc3339(std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()
    ));
}

} // namespace

void start_log(std::string_view level) {
    set_log_level(level);
    writer = std::make_unique<LineWriter>(STDOUT_FILENO);
}

void stop_log() {
    writer.reset();
}

void set_log_level(std::string_view level) {
    least.store(parse_level(level), std::memory_order_relaxed);
}

bool log_enabled(Level level) noexcept {
    return writer != nullptr && level >= least.load(std::memory_order_relaxed);
}

std::uint64_t dropped_log_lines() {
    return writer ? writer->dropped() : 0;
}

void log(Level level, std::string_view event, nlohmann::json fields) {
    if (!log_enabled(level)) {
        return;
    }
    if (!fields.is_object()) {
        fields = nlohmann::json::object();
    }
    fields["at"] = now_text();
    fields["level"] = to_string(level);
    fields["event"] = event;
    writer->add(fields.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), true);
}

void log_members(Level level, std::string_view event, std::string_view members) {
    if (!log_enabled(level)) {
        return;
    }
    std::string line;
    line.reserve(96 + members.size());
    line.append(R"({"at":")").append(now_text()).append(R"(","level":")").append(to_string(level));
    line.append(R"(","event":")").append(event).append("\"").append(members).append("}");
    writer->add(line, level >= Level::warn);
}

} // namespace relay::server::ops
