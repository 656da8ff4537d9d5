#include "client/commands/listing.hpp"

#include "client/settings.hpp"
#include "client/words.hpp"
#include "protocol/standard/sending_unit.hpp"
#include "protocol/time.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <utility>
#include <variant>

namespace relay::client {
namespace {

std::string escape_query(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string escaped;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                           c == '_' || c == '.' || c == '~';
        const auto byte = static_cast<unsigned char>(c);
        if (plain) {
            escaped += c;
        } else {
            escaped += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
        }
    }
    return escaped;
}

std::vector<std::string> names_of(const Json& bundle) {
    std::vector<std::string> names;
    for (const auto& file : member_of(bundle, "files")) {
        names.push_back(text_at(file, "name"));
    }
    return names;
}

std::string csv_version_of(const Json& bundle) {
    for (const auto& file : member_of(bundle, "files")) {
        if (auto version = text_at(file, "csv_version"); !version.empty()) {
            return version;
        }
    }
    return {};
}

std::string table_name(const std::string& file_name) {
    const auto parsed = protocol::standard::parse_file_name(file_name, {true, true});
    const auto* name = std::get_if<protocol::standard::StandardName>(&parsed);
    return name == nullptr ? std::string()
                           : std::string(in_japanese() ? japanese_name_of(name->table) : row_of(name->table).english);
}

/// What became of it, where it is at its end.
std::string describe_end(const Json& bundle) {
    std::string text;
    const auto add = [&](const std::string& what, const std::string& at, const std::string& more = {}) {
        if (!at.empty()) {
            text += "\n    " + what + " " + in_japan(at) + (more.empty() ? "" : ": " + more);
        }
    };
    const auto& rejected = member_of(bundle, "rejected");
    add(words("fetched", "取得"),
        text_at(bundle, "fetched_at"),
        text_at(bundle, "confirmation") == "receipt" ? words("signed receipt", "受領の署名あり") : "");
    add(words("refused", "受取不可"), text_at(rejected, "at"), text_at(rejected, "reason"));
    add(words("withdrawn", "取消"), text_at(bundle, "withdrawn_at"));
    add(words("expired", "期限切れ"), text_at(bundle, "expired_at"));
    return text;
}

} // namespace

Outcome<Json> read_all_pages(Session& session, const std::string& path, const std::string& query) {
    Json bundles = Json::array();
    std::string after;
    do {
        auto reply = session.call(
            "GET",
            path + "?limit=500" + (query.empty() ? "" : "&" + query) +
                (after.empty() ? "" : "&after=" + escape_query(after))
        );
        if (!reply) {
            return reply.error();
        }
        for (auto& bundle : reply->body["bundles"]) {
            bundles.push_back(std::move(bundle));
        }
        after = text_at(reply->body, "next");
    } while (!after.empty());
    return Json{{"bundles", std::move(bundles)}};
}

std::string describe_bundle(const Json& bundle, std::string_view partner) {
    const auto& office = member_of(bundle, partner);
    const auto accepted = text_at(bundle, "accepted_at");
    const auto names = names_of(bundle);
    std::string line = text_at(bundle, "bundle_id") + "  " + describe_state(text_at(bundle, "state"));
    if (text_at(bundle, "confirmation") == "none") {
        line += words(" (no receipt)", "（受領の署名なし）");
    }
    line += "  " + in_japan(accepted.empty() ? text_at(bundle, "created_at") : accepted);
    line += "  " + text_at(office, "number") + " " + text_at(office, "name");
    line += "  " + kind_in_words(protocol::standard::kind_of(names));
    const auto version = csv_version_of(bundle);
    line += version.empty() ? "" : "  CSV " + version;
    for (const auto& file : member_of(bundle, "files")) {
        line += "\n    " + text_at(file, "name");
        const auto table = table_name(text_at(file, "name"));
        line += (table.empty() ? "" : "  " + table) + "  " + size_in_words(number_at(file, "size").value_or(0));
    }
    return for_terminal(line + describe_end(bundle));
}

std::string describe_state(const std::string& state) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> words{{
        {"uploading", "送信中"},
        {"waiting", "未"},
        {"claimed", "取得中"},
        {"fetched", "済"},
        {"rejected", "受取不可"},
        {"withdrawn", "取消"},
        {"expired", "期限切れ"},
    }};
    const auto* found = std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.first == state; });
    return in_japanese() && found != words.end() ? std::string(found->second) + " " + state : state;
}

std::string in_japan(const std::string& text) {
    const auto time = protocol::parse_rfc3339(text);
    if (!time) {
        return text;
    }
    constexpr std::size_t to_seconds = 19;
    auto there = protocol::to_rfc3339(*time + std::chrono::hours(9)).substr(0, to_seconds);
    std::replace(there.begin(), there.end(), 'T', ' ');
    return there;
}

std::string kind_in_words(protocol::standard::UnitKind kind) {
    return std::string(in_japanese() ? japanese_name_of(kind) : english_name_of(kind));
}

std::string size_in_words(std::int64_t bytes) {
    return words("{0} bytes", "{0}バイト", {std::to_string(bytes)});
}

void add_kind(Json& bundle) {
    bundle["kind"] = japanese_name_of(protocol::standard::kind_of(names_of(bundle)));
    if (const auto version = csv_version_of(bundle); !version.empty()) {
        bundle["csv_version"] = version;
    }
}

void print_indented(const std::string& message) {
    std::size_t begin = 0;
    while (begin < message.size()) {
        const auto end = std::min(message.find('\n', begin), message.size());
        std::cout << "    | " << for_terminal(message.substr(begin, end - begin)) << '\n';
        begin = end + 1;
    }
}

std::string pretty(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string for_terminal(std::string_view text) {
    std::string safe;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
        if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) {
            ++i; // U+0080 to U+009F, which some terminals obey as they do ESC
        } else if (text[i] == '\n' || text[i] == '\t' || (byte >= 0x20 && byte != 0x7F)) {
            safe += text[i];
        }
    }
    return safe;
}

Outcome<void> flush_output() {
    if (std::cout.flush()) {
        return {};
    }
    return local_failure(words(
        "the result cannot be written to standard output; the same command again tells it",
        "結果を出力できません。もう一度同じコマンドを実行すると示します"
    ));
}

} // namespace relay::client
