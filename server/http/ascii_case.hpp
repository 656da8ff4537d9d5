// Names and types of HTTP that have no case: ASCII alone, whatever the locale.
#pragma once

#include <algorithm>
#include <string_view>

namespace relay::server::http {

[[nodiscard]] inline char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

} // namespace relay::server::http
