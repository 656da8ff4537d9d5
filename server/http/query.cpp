#include "server/http/query.hpp"

#include "protocol/utf8.hpp"

#include <algorithm>
#include <optional>

namespace relay::server::http {

namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Good UTF-8 without a NUL.
bool is_text(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = protocol::utf8_length(text);
        if (length == 0 || text.front() == '\0') {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

std::optional<std::string> decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return is_text(out) ? std::optional<std::string>(std::move(out)) : std::nullopt;
}

} // namespace

Query parse_query(std::string_view text) {
    Query query;
    std::size_t count = 0;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        if (pair.empty()) {
            continue;
        }
        const std::size_t equals = pair.find('=');
        auto name = decode(pair.substr(0, equals));
        // A name that cannot be decoded is told as it came; it is ASCII, the head parser saw to that.
        const auto tell = [&](const char* code) {
            query.findings.push_back({name ? *name : std::string(pair.substr(0, equals)), code, {}, {}});
        };
        if (++count > most_parameters) {
            tell("out_of_range");
            break;
        }
        auto value = equals == std::string_view::npos ? std::string() : decode(pair.substr(equals + 1));
        if (!name || !value) {
            tell("bad_format");
            continue;
        }
        const bool repeated = std::any_of(query.parameters.begin(), query.parameters.end(), [&](const auto& known) {
            return known.first == *name;
        });
        if (repeated) {
            tell("duplicate_member");
            continue;
        }
        query.parameters.emplace_back(std::move(*name), std::move(*value));
    }
    return query;
}

} // namespace relay::server::http
