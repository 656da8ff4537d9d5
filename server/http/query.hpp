// The query of a target: application/x-www-form-urlencoded names and values, decoded strictly.
#pragma once

#include "protocol/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::server::http {

/// More than any call has: what comes behind them is not looked at.
inline constexpr std::size_t most_parameters = 32;

struct Query {
    std::vector<std::pair<std::string, std::string>> parameters; ///< decoded, in their order, each name once
    /// What is wrong, by the parameter's name: `bad_format` for a bad escape, a NUL or text that is not UTF-8,
    /// `duplicate_member` for a repeated name, `out_of_range` for the first one that is too many.
    std::vector<protocol::Finding> findings;
};

[[nodiscard]] Query parse_query(std::string_view text);

} // namespace relay::server::http
