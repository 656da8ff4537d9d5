#include "server/ops/log.hpp"

#include "protocol/time.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

namespace relay::server::ops {

namespace {

constexpr std::size_t queue_lines = 16384;

std::atomic<Level> least{Level::info};
// Set once before other threads begin, cleared after they ended.
std::shared_ptr<spdlog::details::thread_pool> pool;
std::shared_ptr<spdlog::async_logger> logger;

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
    pool = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1U);
    logger = std::make_shared<spdlog::async_logger>(
        "relay", std::make_shared<spdlog::sinks::stdout_sink_mt>(), pool, spdlog::async_overflow_policy::overrun_oldest
    );
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace); // each line is wanted when it happens; the writer is a thread of its own
}

void stop_log() {
    if (logger) {
        logger->flush();
    }
    logger.reset();
    pool.reset(); // joins after the queue is empty
}

void set_log_level(std::string_view level) {
    least.store(parse_level(level), std::memory_order_relaxed);
}

bool log_enabled(Level level) noexcept {
    return logger != nullptr && level >= least.load(std::memory_order_relaxed);
}

std::uint64_t dropped_log_lines() {
    return pool ? pool->overrun_counter() : 0;
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
    logger->log(spdlog::level::info, fields.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void log_members(Level level, std::string_view event, std::string_view members) {
    if (!log_enabled(level)) {
        return;
    }
    std::string line;
    line.reserve(96 + members.size());
    line.append(R"({"at":")").append(now_text()).append(R"(","level":")").append(to_string(level));
    line.append(R"(","event":")").append(event).append("\"").append(members).append("}");
    logger->log(spdlog::level::info, line);
}

} // namespace relay::server::ops
