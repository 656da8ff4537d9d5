// The table [standard] of the client's settings file. Used by settings.cpp alone.
#pragma once

#include "client/failure.hpp"
#include "protocol/standard/sending_unit.hpp"

#include <toml++/toml.h>

#include <string>

namespace relay::client {

/// Unknown keys and bad values are refused with their names.
[[nodiscard]] Outcome<void>
read_standard_table(const std::string& file, const toml::node& node, protocol::standard::UnitSettings& settings);

} // namespace relay::client
