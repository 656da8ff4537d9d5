// Small files read whole: certificates, keys, migrations. Used wherever a file's name comes from the configuration.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace relay::protocol {

/// Nothing when it cannot be opened or read to its end (a folder, a bad disk); never throws for the file's sake.
[[nodiscard]] std::optional<std::string> read_whole_file(const std::filesystem::path& path);

} // namespace relay::protocol
