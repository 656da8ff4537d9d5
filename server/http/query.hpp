// The query of a target: application/x-www-form-urlencoded names and values, decoded strictly.
#pragma once

#include "protocol/error.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::server::http {

/// Error: malformed_request; each finding points at a parameter's name: `bad_format` for a bad escape, a NUL or text
/// that is not UTF-8, `duplicate_member` for a repeated name.
[[nodiscard]] protocol::Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

} // namespace relay::server::http
