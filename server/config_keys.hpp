// The one table of configuration keys: name, form, default, meaning. Used by config.cpp alone.
#pragma once

#include "server/config.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::server {

/// Where a value comes from decides what may stand for it: an environment variable is always text.
enum class ValueKind : std::uint8_t { text, number, flag };

struct ConfigKey {
    std::string name; ///< "section.key"
    ValueKind kind = ValueKind::text;
    std::string meaning;
    /// Sets the value; nothing: good, else what is wrong. `folder` is where relative paths begin.
    std::function<std::optional<std::string>(Config&, const std::string& text, const std::filesystem::path& folder)>
        set;
    /// The value as text, for the documentation of defaults.
    std::function<std::string(const Config&)> text;
    std::string instead_of; ///< of a `…_file` key: the key that its content is for
};

[[nodiscard]] const std::vector<ConfigKey>& config_keys();
[[nodiscard]] std::string variable_name(std::string_view key);

inline constexpr std::string_view minimum_client_prefix = "clients.minimum.";

} // namespace relay::server
