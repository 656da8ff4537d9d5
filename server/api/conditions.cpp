#include "server/api/conditions.hpp"

#include <algorithm>
#include <limits>

namespace relay::server::api {

namespace {

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Digits only; numbers beyond 63 bits count as the largest one, since they lie past every end.
std::optional<std::int64_t> read_position(std::string_view text) {
    if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
        return std::nullopt;
    }
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    std::int64_t value = 0;
    for (const char c : text) {
        const auto digit = static_cast<std::int64_t>(c - '0');
        if (value > (most - digit) / 10) {
            return most;
        }
        value = value * 10 + digit;
    }
    return value;
}

bool is_bytes_unit(std::string_view unit) {
    constexpr std::string_view bytes = "bytes";
    return std::ranges::equal(unit, bytes, [](char a, char b) { return (a | 0x20) == b; });
}

} // namespace

bool none_match_names(std::string_view field, std::string_view etag) {
    if (trim(field) == "*") {
        return true;
    }
    while (!field.empty()) {
        const auto comma = field.find(',');
        auto tag = trim(field.substr(0, comma));
        if (tag.starts_with("W/")) {
            tag.remove_prefix(2);
        }
        if (!tag.empty() && tag == etag) {
            return true;
        }
        field = comma == std::string_view::npos ? std::string_view() : field.substr(comma + 1);
    }
    return false;
}

RangeWish read_range(std::string_view field, std::int64_t size) {
    const auto equals = field.find('=');
    if (equals == std::string_view::npos || !is_bytes_unit(trim(field.substr(0, equals)))) {
        return {};
    }
    const auto spec = trim(field.substr(equals + 1));
    const auto dash = spec.find('-');
    if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) {
        return {};
    }
    const auto first = read_position(spec.substr(0, dash));
    const auto last = read_position(spec.substr(dash + 1));
    if (dash == 0) {
        if (!last) {
            return {};
        }
        if (*last == 0) {
            return {RangeKind::unsatisfiable, {}};
        }
        return {RangeKind::part, {size - std::min(*last, size), size - 1}};
    }
    if (!first || (!last && dash + 1 != spec.size()) || (last && *last < *first)) {
        return {};
    }
    if (*first >= size) {
        return {RangeKind::unsatisfiable, {}};
    }
    return {RangeKind::part, {*first, std::min(last.value_or(size - 1), size - 1)}};
}

} // namespace relay::server::api
