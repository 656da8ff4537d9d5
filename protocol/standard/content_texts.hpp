// What is told of a broken rule on content.
#pragma once

#include "protocol/standard/rules.hpp"

#include <string>
#include <utility>

namespace relay::protocol::standard {

/// Japanese and English. `value`: what stands there and may be told (a month, a count, a version); may be empty.
[[nodiscard]] std::pair<std::string, std::string> describe_content(Rule rule, const std::string& value);

} // namespace relay::protocol::standard
