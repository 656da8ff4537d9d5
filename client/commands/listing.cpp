#include "client/commands/listing.hpp"

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
    std::string line = text_at(bundle, "bundle_id") + "  " + text_at(bundle, "state");
    if (text_at(bundle, "confirmation") == "none") {
        line += " (no receipt)";
    }
    line += "  " + (accepted.empty() ? text_at(bundle, "created_at") : accepted);
    line += "  " + text_at(office, "number") + " " + text_at(office, "name");
    for (const auto& file : member_of(bundle, "files")) {
        line +=
            "\n    " + text_at(file, "name") + "  " + std::to_string(number_at(file, "size").value_or(0)) + " bytes";
    }
    const auto reason = text_at(member_of(bundle, "rejected"), "reason");
    if (!reason.empty()) {
        line += "\n    refused: " + reason;
    }
    return for_terminal(line);
}

std::string pretty(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string for_terminal(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n' || c == '\t' || (byte >= 0x20 && byte != 0x7F)) {
            safe += c;
        }
    }
    return safe;
}

} // namespace relay::client
