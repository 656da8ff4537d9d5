// How each form of configuration value is set and told: one maker of ConfigKey per form. Used by config_keys alone.
#pragma once

#include "server/config_keys.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace relay::server {

/// Where a value stands in a Config.
template <class Value>
using Place = Value& (*)(Config&);

[[nodiscard]] ConfigKey text_key(std::string name, Place<std::string> place, std::string meaning);
[[nodiscard]] ConfigKey
choice_key(std::string name, Place<std::string> place, std::vector<std::string> choices, std::string meaning);
/// Relative paths begin at the configuration file's folder.
[[nodiscard]] ConfigKey path_key(std::string name, Place<std::filesystem::path> place, std::string meaning);

enum class EmptyEndpoint : std::uint8_t { refused, means_off };
[[nodiscard]] ConfigKey endpoint_key(std::string name, Place<Endpoint> place, EmptyEndpoint empty, std::string meaning);

/// From `least` to `most`, both taken.
[[nodiscard]] ConfigKey
duration_key(std::string name, Place<Duration> place, Duration least, Duration most, std::string meaning);
[[nodiscard]] ConfigKey
size_key(std::string name, Place<std::int64_t> place, std::int64_t least, std::int64_t most, std::string meaning);
[[nodiscard]] ConfigKey number_key(std::string name, Place<int> place, int least, int most, std::string meaning);
[[nodiscard]] ConfigKey flag_key(std::string name, Place<bool> place, std::string meaning);

/// The keys [standard].
void add_standard(std::vector<ConfigKey>& keys);

/// `NAME_file`: a file whose content, without the line end, is the value of NAME.
[[nodiscard]] ConfigKey content_of(const ConfigKey& secret);

} // namespace relay::server
