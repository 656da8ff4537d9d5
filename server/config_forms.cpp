#include "server/config_forms.hpp"

#include "protocol/whole_file.hpp"
#include "server/config_values.hpp"

#include <algorithm>
#include <utility>

namespace relay::server {

namespace {

using std::filesystem::path;
using Refusal = std::optional<std::string>;

/// The place's value in a configuration that is only looked at.
template <class Value>
Value value_of(const Config& config, Place<Value> place) {
    Config copy = config;
    return place(copy);
}

} // namespace

ConfigKey text_key(std::string name, Place<std::string> place, std::string meaning) {
    ConfigKey key{std::move(name), ValueKind::text, std::move(meaning), {}, {}, {}};
    key.set = [place](Config& config, const std::string& text, const path&) -> Refusal {
        if (text.find('\0') != std::string::npos) {
            return "must not hold a NUL";
        }
        place(config) = text;
        return std::nullopt;
    };
    key.text = [place](const Config& config) { return value_of(config, place); };
    return key;
}

ConfigKey
choice_key(std::string name, Place<std::string> place, std::vector<std::string> choices, std::string meaning) {
    ConfigKey key = text_key(std::move(name), place, std::move(meaning));
    key.kind = ValueKind::number; // `1.3` without quotes is taken too
    key.set = [place, choices](Config& config, const std::string& text, const path&) -> Refusal {
        if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
            std::string all;
            for (const std::string& choice : choices) {
                all += (all.empty() ? "" : ", ") + choice;
            }
            return "must be one of " + all;
        }
        place(config) = text;
        return std::nullopt;
    };
    return key;
}

ConfigKey path_key(std::string name, Place<path> place, std::string meaning) {
    ConfigKey key{std::move(name), ValueKind::text, std::move(meaning), {}, {}, {}};
    key.set = [place](Config& config, const std::string& text, const path& folder) -> Refusal {
        if (text.find('\0') != std::string::npos) {
            return "must not hold a NUL";
        }
        place(config) = text.empty() ? path() : (folder / path(text)).lexically_normal();
        return std::nullopt;
    };
    key.text = [place](const Config& config) { return value_of(config, place).string(); };
    return key;
}

ConfigKey endpoint_key(std::string name, Place<Endpoint> place, EmptyEndpoint empty, std::string meaning) {
    ConfigKey key{std::move(name), ValueKind::text, std::move(meaning), {}, {}, {}};
    key.set = [place, empty](Config& config, const std::string& text, const path&) -> Refusal {
        if (text.empty() && empty == EmptyEndpoint::means_off) {
            place(config) = Endpoint();
            return std::nullopt;
        }
        const auto endpoint = parse_endpoint(text);
        if (!endpoint) {
            return "must be HOST:PORT";
        }
        place(config) = *endpoint;
        return std::nullopt;
    };
    key.text = [place](const Config& config) { return to_text(value_of(config, place)); };
    return key;
}

ConfigKey duration_key(std::string name, Place<Duration> place, Duration least, Duration most, std::string meaning) {
    ConfigKey key{std::move(name), ValueKind::text, std::move(meaning), {}, {}, {}};
    key.set = [place, least, most](Config& config, const std::string& text, const path&) -> Refusal {
        const auto duration = parse_duration(text);
        if (!duration) {
            return "must be a duration such as 90s, 15m, 24h, 93d or 500ms";
        }
        if (*duration < least || *duration > most) {
            return "must be from " + to_text(least) + " to " + to_text(most);
        }
        place(config) = *duration;
        return std::nullopt;
    };
    key.text = [place](const Config& config) { return to_text(value_of(config, place)); };
    return key;
}

ConfigKey
size_key(std::string name, Place<std::int64_t> place, std::int64_t least, std::int64_t most, std::string meaning) {
    ConfigKey key{std::move(name), ValueKind::number, std::move(meaning), {}, {}, {}};
    key.set = [place, least, most](Config& config, const std::string& text, const path&) -> Refusal {
        const auto size = parse_size(text);
        if (!size) {
            return "must be bytes or a size such as 16MiB";
        }
        if (*size < least || *size > most) {
            return "must be from " + size_text(least) + " to " + size_text(most);
        }
        place(config) = *size;
        return std::nullopt;
    };
    key.text = [place](const Config& config) { return size_text(value_of(config, place)); };
    return key;
}

ConfigKey number_key(std::string name, Place<int> place, int least, int most, std::string meaning) {
    ConfigKey key{std::move(name), ValueKind::number, std::move(meaning), {}, {}, {}};
    key.set = [place, least, most](Config& config, const std::string& text, const path&) -> Refusal {
        const auto number = parse_whole_number(text);
        if (!number || *number < least || *number > most) {
            return "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
        }
        place(config) = static_cast<int>(*number);
        return std::nullopt;
    };
    key.text = [place](const Config& config) { return std::to_string(value_of(config, place)); };
    return key;
}

ConfigKey flag_key(std::string name, Place<bool> place, std::string meaning) {
    ConfigKey key{std::move(name), ValueKind::flag, std::move(meaning), {}, {}, {}};
    key.set = [place](Config& config, const std::string& text, const path&) -> Refusal {
        const auto flag = parse_boolean(text);
        if (!flag) {
            return "must be true or false";
        }
        place(config) = *flag;
        return std::nullopt;
    };
    key.text = [place](const Config& config) { return std::string(value_of(config, place) ? "true" : "false"); };
    return key;
}

ConfigKey content_of(const ConfigKey& secret) {
    ConfigKey key{secret.name + "_file", ValueKind::text, "file that holds " + secret.name, {}, {}, secret.name};
    key.set = [set = secret.set](Config& config, const std::string& text, const path& folder) -> Refusal {
        const path file = folder / path(text);
        auto content = protocol::read_whole_file(file);
        if (!content || content->size() > 65536) {
            return "cannot read " + file.string();
        }
        while (content->ends_with('\n') || content->ends_with('\r')) {
            content->pop_back();
        }
        return set(config, *content, folder);
    };
    key.text = [](const Config&) { return std::string(); };
    return key;
}

} // namespace relay::server
