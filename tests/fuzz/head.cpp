// The head of a request: found piece by piece or at once, framed in one way only.
#include "server/http/head_parser.hpp"

#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <string>

namespace relay::fuzz {

namespace {

using server::http::Head;
using server::http::HeadScan;
using State = HeadScan::State;

struct Found {
    State state = State::more;
    std::size_t size = 0;
};

/// Bytes that come in pieces, the length of each taken from the bytes themselves.
Found scan_in_pieces(protocol::BytesView input) {
    HeadScan scan;
    std::size_t there = 0;
    while (there < input.size()) {
        there = std::min(input.size(), there + 1 + input[there] % 7U);
        const State state = scan.advance(input.first(there));
        if (state != State::more) {
            return {state, scan.size()};
        }
    }
    return {};
}

std::string render(const Head& head) {
    std::string text = head.method_text + " " + head.target + " HTTP/1.1\r\n";
    for (const auto& [name, value] : head.fields) {
        text += name;
        text += ": ";
        text += value;
        text += "\r\n";
    }
    return text;
}

std::ptrdiff_t count_fields(const Head& head, std::string_view name) {
    return std::count_if(head.fields.begin(), head.fields.end(), [&](const auto& field) {
        return field.first == name;
    });
}

void judge_head(const Head& head) {
    require(count_fields(head, "transfer-encoding") == 0, "no chunked message is framed");
    require(count_fields(head, "content-length") == (head.content_length ? 1 : 0), "a message has one length");
    require(count_fields(head, "host") == 1, "a message has one host");
    require(head.content_length.value_or(0) >= 0, "a length is no debt");
    require(head.path.starts_with('/') && head.path.find('?') == std::string::npos, "a path is a path");
    for (const auto& [name, value] : head.fields) {
        require(!name.empty() && name.find_first_of(" \t\r\n:") == std::string::npos, "a field's name is a token");
        require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a value is one line");
    }
    const std::string text = render(head);
    const auto again = server::http::parse_head(protocol::as_bytes(text + "\r\n"));
    require(again.has_value() || text.size() + 2 > server::http::most_head_bytes, "a head survives being written");
    if (again) {
        require(
            again->target == head.target && again->fields == head.fields && again->query == head.query &&
                again->content_length == head.content_length && again->keep_alive == head.keep_alive &&
                again->expect_continue == head.expect_continue && again->method == head.method,
            "a head written and read says the same"
        );
    }
    const auto refused = [&](const char* line, protocol::ErrorCode code) {
        const auto more = server::http::parse_head(protocol::as_bytes(text + line));
        return more.has_error() && more.error().code == code;
    };
    require(
        refused("Transfer-Encoding: chunked\r\n\r\n", protocol::ErrorCode::length_required),
        "chunked is refused anywhere"
    );
    require(refused("HOST: a\r\n\r\n", protocol::ErrorCode::malformed_request), "a second host is refused");
    if (head.content_length) {
        require(
            refused("Content-length: 0\r\n\r\n", protocol::ErrorCode::malformed_request), "a second length is refused"
        );
    }
}

} // namespace

void judge(protocol::BytesView input) {
    HeadScan scan;
    const State state = scan.advance(input);
    const Found found = scan_in_pieces(input);
    require(found.state == state || input.empty(), "pieces and the whole are judged alike");
    if (state != State::complete) {
        return;
    }
    require(found.size == scan.size() && scan.size() <= input.size(), "a head ends in one place");
    const auto bytes = input.first(scan.size());
    require(protocol::as_text(bytes).ends_with("\r\n\r\n"), "a head ends with a blank line");
    const auto head = server::http::parse_head(bytes);
    if (head) {
        judge_head(*head);
        return;
    }
    const auto code = head.error().code;
    require(
        code == protocol::ErrorCode::malformed_request || code == protocol::ErrorCode::length_required,
        "a bad head is malformed or has no length"
    );
}

} // namespace relay::fuzz
