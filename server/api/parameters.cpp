#include "server/api/parameters.hpp"

#include "protocol/bytes.hpp"

#include <algorithm>
#include <charconv>

namespace relay::server::api {

namespace {

std::optional<std::int64_t> parse_decimal(std::string_view text) {
    std::int64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || text.front() == '-' || stopped != end || error != std::errc()) {
        return std::nullopt;
    }
    return value;
}

/// A plus sign that was not escaped has become a blank, and stands nowhere else in a time than before its offset.
std::optional<protocol::Time> parse_time(std::string_view text) {
    std::string whole(text);
    if (const auto offset = whole.rfind(' '); offset != std::string::npos && whole.size() - offset == 6) {
        whole[offset] = '+';
    }
    return protocol::parse_rfc3339(whole);
}

protocol::Result<void> verdict_on(std::vector<protocol::Finding> findings) {
    if (findings.empty()) {
        return {};
    }
    return protocol::Error(protocol::ErrorCode::malformed_request, std::move(findings));
}

} // namespace

Parameters::Parameters(const http::Request& request, std::initializer_list<std::string_view> known)
    : request_(request),
      findings_(request.query_findings) {
    for (const auto& [name, value] : request.query) {
        if (std::ranges::find(known, name) == known.end()) {
            add(name, "unknown_member");
        }
    }
}

std::optional<std::string> Parameters::text(std::string_view name) const {
    const auto place =
        std::ranges::find(request_.query, name, [](const auto& entry) { return std::string_view(entry.first); });
    return place == request_.query.end() ? std::nullopt : std::optional(place->second);
}

std::optional<std::int64_t> Parameters::integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const auto value = parsed(name, parse_decimal);
    if (value && (*value < min || *value > max)) {
        add(name, "out_of_range");
        return std::nullopt;
    }
    return value;
}

std::optional<protocol::Time> Parameters::time(std::string_view name) {
    return parsed(name, parse_time);
}

int Parameters::limit() {
    return static_cast<int>(integer("limit", 1, 500).value_or(100));
}

std::optional<std::int64_t> Parameters::cursor(std::string_view kind) {
    return parsed("after", [kind](std::string_view text) {
        const auto place = decode_cursor(kind, text);
        return place ? parse_decimal(*place) : std::nullopt;
    });
}

void Parameters::add(std::string_view name, std::string code) {
    findings_.push_back({std::string(name), std::move(code), {}, {}});
}

protocol::Result<void> Parameters::verdict() const {
    return verdict_on(findings_);
}

protocol::Result<void> body_verdict(protocol::JsonDocument& document) {
    return verdict_on(document.finish());
}

std::string encode_cursor(std::string_view kind, std::string_view place) {
    return protocol::to_base64url(protocol::as_bytes(std::string(kind) + ":" + std::string(place)));
}

std::string encode_cursor(std::string_view kind, std::int64_t position) {
    return encode_cursor(kind, std::to_string(position));
}

std::optional<std::string> decode_cursor(std::string_view kind, std::string_view cursor) {
    const auto bytes = protocol::from_base64url(cursor);
    if (!bytes) {
        return std::nullopt;
    }
    const auto plain = protocol::as_text(*bytes);
    if (!plain.starts_with(kind) || plain.size() <= kind.size() || plain[kind.size()] != ':') {
        return std::nullopt;
    }
    return std::string(plain.substr(kind.size() + 1));
}

} // namespace relay::server::api
