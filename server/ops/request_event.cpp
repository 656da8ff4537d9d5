#include "server/ops/request_event.hpp"

#include "server/ops/log.hpp"

#include <algorithm>

namespace relay::server::ops {

namespace {

void add_text(std::string& line, std::string_view name, std::string_view value) {
    if (!value.empty()) {
        line.append(",\"").append(name).append("\":\"").append(value).append("\"");
    }
}

void add_number(std::string& line, std::string_view name, std::int64_t value) {
    line.append(",\"").append(name).append("\":").append(std::to_string(value));
}

} // namespace

void log_request(const RequestEvent& event, std::chrono::steady_clock::time_point now) {
    const Level level = event.error_code == protocol::ErrorCode::internal ? Level::error : Level::info;
    if (!log_enabled(level)) {
        return;
    }
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - event.began).count();
    const std::string micros = std::to_string(took % 1000);
    std::string line;
    line.reserve(400);
    add_text(line, "request_id", event.id.str());
    // A token (RFC 9110 §5.6.2) needs no escapes; it is bounded here only.
    add_text(line, "method", event.method.substr(0, 32));
    add_text(line, "route", event.route);
    add_number(line, "status", event.status);
    line.append(",\"duration_ms\":").append(std::to_string(took / 1000)).append(".");
    line.append(3 - std::min<std::size_t>(3, micros.size()), '0').append(micros);
    add_number(line, "bytes_in", event.bytes_in);
    add_number(line, "bytes_out", event.bytes_out);
    add_text(line, "user_id", event.user_id);
    if (event.error_code) {
        add_text(line, "error_code", protocol::to_string(*event.error_code));
    }
    if (!event.cause.empty()) {
        line.append(",\"cause\":");
        line.append(nlohmann::json(event.cause).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
    if (!event.whole) {
        line.append(",\"broken\":true");
    }
    log_members(level, "request", line);
}

} // namespace relay::server::ops
