#include "server/ctl/commands.hpp"

#include "protocol/digest.hpp"
#include "protocol/ids.hpp"

#include <algorithm>
#include <iostream>

namespace relay::server::ctl {

using nlohmann::ordered_json;

namespace {

ordered_json without_nulls(const ordered_json& facts) {
    ordered_json kept = ordered_json::object();
    for (const auto& [name, value] : facts.items()) {
        if (!value.is_null()) {
            kept[name] = value;
        }
    }
    return kept;
}

std::string as_cell(const ordered_json& value) {
    if (value.is_null()) {
        return "-";
    }
    if (value.is_string()) {
        return value.get<std::string>();
    }
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

/// Columns on a terminal: characters of Japanese take two.
std::size_t width(std::string_view text) {
    std::size_t columns = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        columns += byte < 0x80 || (byte >= 0xC0 && byte < 0xE0) ? 1U : byte >= 0xE0 ? 2U : 0U;
    }
    return columns;
}

void print_table(const std::vector<std::vector<std::string>>& lines) {
    std::vector<std::size_t> widths(lines.front().size());
    for (const auto& line : lines) {
        for (std::size_t n = 0; n < line.size(); ++n) {
            widths[n] = std::max(widths[n], width(line[n]));
        }
    }
    for (const auto& line : lines) {
        for (std::size_t n = 0; n < line.size(); ++n) {
            std::cout << line[n];
            if (n + 1 < line.size()) {
                std::cout << std::string(widths[n] - width(line[n]) + 2, ' ');
            }
        }
        std::cout << '\n';
    }
}

CLI::Validator form(const std::string& what, bool (*good)(const std::string&)) {
    return CLI::Validator(
        [what, good](std::string& text) { return good(text) ? std::string() : "'" + text + "' is not " + what; }, ""
    );
}

} // namespace

void print_rows(const std::vector<ordered_json>& rows, bool json) {
    if (json) {
        ordered_json list = ordered_json::array();
        for (const auto& row : rows) {
            list.push_back(without_nulls(row));
        }
        std::cout << list.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
        return;
    }
    if (rows.empty()) {
        return;
    }
    std::vector<std::vector<std::string>> lines(1);
    for (const auto& [name, value] : rows.front().items()) {
        lines.front().push_back(name);
    }
    for (const auto& row : rows) {
        auto& line = lines.emplace_back();
        for (const auto& value : row) {
            line.push_back(as_cell(value));
        }
    }
    print_table(lines);
}

void print_facts(const ordered_json& facts, bool json) {
    if (json) {
        std::cout << without_nulls(facts).dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
        return;
    }
    std::vector<std::vector<std::string>> lines;
    for (const auto& [name, value] : facts.items()) {
        if (value.is_array()) {
            for (const auto& item : value) {
                lines.push_back({name, as_cell(item)});
            }
        } else if (!value.is_null()) {
            lines.push_back({name, as_cell(value)});
        }
    }
    if (!lines.empty()) {
        print_table(lines);
    }
}

void say(std::string_view line) {
    std::cout << line << '\n';
}

std::string explain(const protocol::Error& error) {
    std::string line = error.cause;
    for (const auto& finding : error.findings) {
        line += (line.empty() ? "" : "; ") + (finding.text_en.empty() ? finding.code : finding.text_en);
    }
    if (line.empty()) {
        line = protocol::to_string(error.code);
    }
    std::replace(line.begin(), line.end(), '\n', ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

CLI::App* add_group(CLI::App& app, const std::string& name, const std::string& description) {
    auto* group = app.add_subcommand(name, description);
    group->require_subcommand(1);
    return group;
}

void add_json_flag(CLI::App& command, bool& json) {
    command.add_flag("--json", json, "Print JSON instead of a table");
}

CLI::Validator is_office_number() {
    return form("an office number (ten characters)", [](const std::string& text) {
        return protocol::OfficeNumber::parse(text).has_value();
    });
}

CLI::Validator is_prefecture() {
    return form("a prefecture (two digits)", [](const std::string& text) {
        return text.size() == 2 && text.find_first_not_of("0123456789") == std::string::npos;
    });
}

CLI::Validator is_user_id() {
    return form("a user ID (two letters and twelve digits)", [](const std::string& text) {
        return protocol::UserId::parse(text).has_value();
    });
}

CLI::Validator is_day() {
    return form("a day (YYYY-MM-DD)", [](const std::string& text) { return protocol::parse_day(text).has_value(); });
}

CLI::Validator is_digest() {
    return form("a SHA-256 digest (64 lower-case hex digits)", [](const std::string& text) {
        return protocol::Digest::from_hex(text).has_value();
    });
}

} // namespace relay::server::ctl
