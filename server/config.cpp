#include "server/config.hpp"

#include "server/config_address.hpp"
#include "server/config_checks.hpp"
#include "server/config_keys.hpp"
#include "server/config_values.hpp"
#include "storage/objects/s3_settings.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>
#include <string_view>

extern char** environ;

namespace relay::server {

namespace {

/// A value before its form was checked, and what the file had for it.
struct Given {
    std::string text;
    ValueKind kind = ValueKind::text;
    bool from_environment = false;
};
using GivenValues = std::map<std::string, Given>;

std::string shortest(double number) {
    std::array<char, 32> buffer{};
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    return {buffer.data(), result.ptr};
}

void flatten(
    const toml::table& table, const std::string& prefix, GivenValues& given, std::vector<ConfigProblem>& problems
) {
    for (const auto& [name, node] : table) {
        const std::string key = prefix + std::string(name.str());
        if (const auto* inner = node.as_table()) {
            flatten(*inner, key + ".", given, problems);
        } else if (const auto* text = node.as_string()) {
            given[key] = Given{text->get(), ValueKind::text, false};
        } else if (const auto* number = node.as_integer()) {
            given[key] = Given{std::to_string(number->get()), ValueKind::number, false};
        } else if (const auto* fraction = node.as_floating_point()) {
            given[key] = Given{shortest(fraction->get()), ValueKind::number, false};
        } else if (const auto* flag = node.as_boolean()) {
            given[key] = Given{flag->get() ? "true" : "false", ValueKind::flag, false};
        } else {
            problems.push_back({key, "must be text, a number, true or false"});
        }
    }
}

const ConfigKey* find_key(std::string_view name) {
    const auto& keys = config_keys();
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const ConfigKey& key) { return key.name == name; });
    return found == keys.end() ? nullptr : &*found;
}

std::set<std::string> section_variables() {
    std::set<std::string> sections{"RELAY_CLIENTS_"};
    for (const ConfigKey& key : config_keys()) {
        sections.insert(variable_name(key.name.substr(0, key.name.find('.') + 1)));
    }
    return sections;
}

/// The key that a variable stands for; dashes and dots cannot be told from underscores, so known names are compared.
std::optional<std::string> key_of(const std::string& variable, const GivenValues& given) {
    for (const ConfigKey& key : config_keys()) {
        if (variable_name(key.name) == variable) {
            return key.name;
        }
    }
    for (const auto& [name, value] : given) {
        if (name.starts_with(minimum_client_prefix) && variable_name(name) == variable) {
            return name;
        }
    }
    const std::string clients = variable_name(minimum_client_prefix);
    if (variable.starts_with(clients) && variable.size() > clients.size()) {
        std::string name(minimum_client_prefix);
        for (const char c : variable.substr(clients.size())) {
            name += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
        return name;
    }
    return std::nullopt;
}

void apply_environment(const Environment& environment, GivenValues& given, std::vector<ConfigProblem>& problems) {
    const auto sections = section_variables();
    for (const auto& [variable, text] : environment) {
        const bool ours = std::any_of(sections.begin(), sections.end(), [&](const std::string& section) {
            return variable.starts_with(section);
        });
        if (!ours) {
            continue;
        }
        const auto key = key_of(variable, given);
        if (!key) {
            problems.push_back({variable, "unknown key"});
            continue;
        }
        // A variable takes the place of either form of a secret in the file.
        const ConfigKey* row = find_key(*key);
        if (row != nullptr && !row->instead_of.empty()) {
            given.erase(row->instead_of);
        } else if (const auto file = given.find(*key + "_file");
                   file != given.end() && !file->second.from_environment) {
            if (const ConfigKey* other = find_key(file->first); other != nullptr && other->instead_of == *key) {
                given.erase(file);
            }
        }
        given[*key] = Given{text, ValueKind::text, true};
    }
}

/// Text stands for every kind; a number or a flag only for its own.
std::optional<std::string> wrong_kind(const ConfigKey& key, const Given& given) {
    if (given.kind == ValueKind::text || given.kind == key.kind) {
        return std::nullopt;
    }
    return key.kind == ValueKind::flag ? "must be true or false" : "must be text in quotes";
}

void apply(
    const GivenValues& given, const std::filesystem::path& folder, Config& config, std::vector<ConfigProblem>& problems
) {
    for (const auto& [name, value] : given) {
        if (name.starts_with(minimum_client_prefix)) {
            if (!is_version(value.text)) {
                problems.push_back({name, "must be a version such as \"1.2.0\""});
            }
            config.minimum_clients[name.substr(minimum_client_prefix.size())] = value.text;
            continue;
        }
        const ConfigKey* key = find_key(name);
        if (key == nullptr) {
            problems.push_back({name, "unknown key"});
            continue;
        }
        if (!key->instead_of.empty() && given.contains(key->instead_of)) {
            problems.push_back({name, "must not stand beside " + key->instead_of});
            continue;
        }
        auto refusal = wrong_kind(*key, value);
        if (!refusal) {
            refusal = key->set(config, value.text, folder);
        }
        if (refusal) {
            problems.push_back({name, *refusal});
        }
    }
}

Environment process_environment() {
    Environment all;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view line(*entry);
        const std::size_t equals = line.find('=');
        if (line.starts_with("RELAY_") && equals != std::string_view::npos) {
            all.emplace(line.substr(0, equals), line.substr(equals + 1));
        }
    }
    return all;
}

template <class Parse>
ConfigReading read(const std::filesystem::path& file, const Environment& environment, const Parse& parse) {
    ConfigReading reading;
    std::error_code failure;
    reading.config.file = std::filesystem::absolute(file, failure);
    GivenValues given;
    try {
        const toml::table table = parse();
        flatten(table, "", given, reading.problems);
    } catch (const toml::parse_error& error) {
        const auto& where = error.source().begin;
        std::string what(error.description());
        if (where.line > 0) {
            what = "line " + std::to_string(where.line) + ", column " + std::to_string(where.column) + ": " + what;
        }
        reading.problems.push_back({file.string(), what});
        return reading;
    }
    apply_environment(environment, given, reading.problems);
    apply(given, reading.config.file.parent_path(), reading.config, reading.problems);
    return reading;
}

} // namespace

ConfigReading read_config(const std::filesystem::path& file) {
    return read_config(file, process_environment());
}

ConfigReading read_config(const std::filesystem::path& file, const Environment& environment) {
    return read(file, environment, [&] { return toml::parse_file(file.string()); });
}

ConfigReading read_config_text(const std::filesystem::path& file, std::string_view text) {
    return read(file, process_environment(), [&] { return toml::parse(text, file.string()); });
}

std::vector<ConfigProblem> check_values(const Config& config) {
    std::vector<ConfigProblem> problems;
    const auto check_host = [&](const Endpoint& endpoint, const char* key) {
        if (!endpoint.host.empty() && !address_of(endpoint)) {
            problems.push_back({key, "must have an IP address or localhost before its port"});
        }
    };
    check_host(config.server.listen, "server.listen");
    check_host(config.server.admin_listen, "server.admin_listen");
    const std::string& url = config.objects.url;
    if (url.starts_with("s3://")) {
        if (const auto store = storage::objects::read_s3_url(url); !store) {
            problems.push_back({"objects.url", store.error().cause});
        }
        if (config.objects.access_key.empty()) {
            problems.push_back({"objects.access_key", "is required"});
        }
        if (config.objects.secret_key.empty()) {
            problems.push_back({"objects.secret_key", "is required"});
        }
    } else if (!url.empty() && !url.starts_with("file:///")) {
        problems.push_back({"objects.url", "must begin with file:/// or s3://"});
    }
    return problems;
}

std::vector<ConfigProblem> check_serving(const Config& config) {
    std::vector<ConfigProblem> problems;
    const auto need = [&](bool there, const char* key) {
        if (!there) {
            problems.push_back({key, "is required"});
        }
    };
    need(!config.tls.certificate.empty(), "tls.certificate");
    need(!config.tls.key.empty(), "tls.key");
    need(!config.tls.client_ca.empty(), "tls.client_ca");
    need(!config.database.url.empty(), "database.url");
    need(!config.objects.url.empty(), "objects.url");
    return problems;
}

std::vector<KeyDescription> describe_keys() {
    std::vector<KeyDescription> all;
    const Config defaults;
    for (const ConfigKey& key : config_keys()) {
        all.push_back({key.name, variable_name(key.name), key.text(defaults), key.meaning});
    }
    all.push_back(
        {"clients.minimum.<name>", "RELAY_CLIENTS_MINIMUM_<NAME>", "", "lowest version of that client that is accepted"}
    );
    return all;
}

} // namespace relay::server
