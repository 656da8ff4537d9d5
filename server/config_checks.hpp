// What the executables ask of a configuration beside reading it.
#pragma once

#include "server/config.hpp"

#include <filesystem>
#include <string_view>
#include <vector>

namespace relay::server {

/// As read_config, of a file whose text the caller has read: with other rights than those that the files it names are
/// opened with.
[[nodiscard]] ConfigReading read_config_text(const std::filesystem::path& file, std::string_view text);

/// What is wrong with values that have their keys' forms: a listener's host that is no address, a store that
/// objects.url does not name, an S3 store without keys.
[[nodiscard]] std::vector<ConfigProblem> check_values(const Config& config);

} // namespace relay::server
