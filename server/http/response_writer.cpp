#include "server/http/response_writer.hpp"

#include "server/http/date.hpp"
#include "server/ops/log.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <string_view>
#include <utility>

namespace relay::server::http {

namespace {

/// Bodies up to this size leave with their head in one record or two.
constexpr std::size_t most_joined = 64 * 1024;

std::string_view reason_of(int status) {
    constexpr std::pair<int, std::string_view> all[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };
    const auto* const found =
        std::find_if(std::begin(all), std::end(all), [&](const auto& e) { return e.first == status; });
    return found == std::end(all) ? "Status" : found->second;
}

bool has_body(int status) {
    return status != 204 && status != 304;
}

void add_field(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ");
    for (const char c : value) {
        // What a handler puts into a field can end neither the field nor the head.
        head += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    }
    head.append("\r\n");
}

std::string serialize_head(const Response& response, const AnswerForm& form) {
    std::string head;
    head.reserve(512);
    head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    head.append(reason_of(response.status)).append("\r\n");
    add_field(head, "Date", date_now());
    add_field(head, "Request-Id", form.request.str());
    bool caching = false;
    for (const auto& [name, value] : response.fields) {
        caching = caching || name == "Cache-Control";
        add_field(head, name, value);
    }
    if (!caching) {
        add_field(head, "Cache-Control", "no-store");
    }
    if (has_body(response.status)) {
        const auto size = response.source ? response.source->size() : static_cast<std::int64_t>(response.body.size());
        if (size == unknown_size) {
            add_field(head, "Transfer-Encoding", "chunked");
        } else {
            add_field(head, "Content-Length", std::to_string(size));
        }
    }
    if (form.close) {
        add_field(head, "Connection", "close");
    }
    head.append("\r\n");
    return head;
}

/// The pieces; whole only when they are as long as was promised.
Awaitable<Written> write_pieces(TimedStream& stream, BodySource& source) {
    Written written;
    const std::int64_t size = source.size();
    while (written.bytes < size) {
        const auto piece = co_await source.next();
        if (!piece || piece->empty() || static_cast<std::int64_t>(piece->size()) > size - written.bytes) {
            co_return written;
        }
        const auto put = co_await stream.write_all(*piece);
        written.bytes += static_cast<std::int64_t>(put); // of a piece that the line did not survive, too
        if (put < piece->size()) {
            co_return written;
        }
        source.written(written.bytes, false);
    }
    written.whole = true;
    co_return written;
}

/// Of `written` bytes, those of a body of `size` bytes that stands behind `before` others.
std::size_t bytes_behind(std::size_t before, std::size_t written, std::size_t size) {
    return std::min(written - std::min(written, before), size);
}

/// The pieces of a body of unknown_size, each as a chunk (RFC 9112 §7.1). Broken off, it lacks the last chunk.
Awaitable<Written> write_chunks(TimedStream& stream, BodySource& source) {
    Written written;
    while (!written.whole) {
        const auto piece = co_await source.next();
        if (!piece) {
            co_return written;
        }
        std::array<char, 24> length{};
        const int digits = std::snprintf(length.data(), length.size(), "%zx\r\n", piece->size());
        std::string framed(length.data(), static_cast<std::size_t>(digits));
        framed.append(protocol::as_text(*piece)).append("\r\n");
        const auto put = co_await stream.write_all(protocol::as_bytes(framed));
        written.bytes += static_cast<std::int64_t>(bytes_behind(static_cast<std::size_t>(digits), put, piece->size()));
        if (put < framed.size()) {
            co_return written;
        }
        written.whole = piece->empty();
        source.written(written.bytes, false);
    }
    co_return written;
}

Awaitable<Written> write_all_of(TimedStream& stream, Response& response, const AnswerForm& form) {
    Written written;
    const bool with_body = has_body(response.status) && !form.head_only;
    std::string head = serialize_head(response, form);
    const bool joined = with_body && !response.source && response.body.size() <= most_joined;
    const std::size_t head_size = head.size();
    if (joined) {
        head.append(response.body);
    }
    const auto put = co_await stream.write_all(protocol::as_bytes(head));
    if (joined) {
        written.bytes = static_cast<std::int64_t>(bytes_behind(head_size, put, response.body.size()));
    }
    if (put < head.size()) {
        co_return written;
    }
    if (response.source && with_body && response.source->size() == unknown_size) {
        written = co_await write_chunks(stream, *response.source);
        co_return written;
    }
    if (response.source && with_body) {
        written = co_await write_pieces(stream, *response.source);
        co_return written;
    }
    if (!with_body || joined) {
        written.whole = true;
        co_return written;
    }
    const auto of_body = co_await stream.write_all(protocol::as_bytes(response.body));
    written.bytes = static_cast<std::int64_t>(of_body);
    written.whole = of_body == response.body.size();
    co_return written;
}

} // namespace

Awaitable<Written> write_response(TimedStream& stream, Response& response, AnswerForm form) {
    Written written;
    std::string thrown;
    try {
        written = co_await write_all_of(stream, response, form);
    } catch (const std::exception& e) {
        thrown = e.what();
    }
    if (!thrown.empty()) {
        ops::log(ops::Level::error, "body_source_failed", {{"request_id", form.request.str()}, {"cause", thrown}});
    }
    if (response.source) {
        response.source->written(written.bytes, true);
    }
    if (response.on_written) {
        response.on_written(written.whole);
    }
    co_return written;
}

} // namespace relay::server::http
