// The query of a target.
#include "server/http/query.hpp"

#include "protocol/problem.hpp"
#include "protocol/utf8.hpp"
#include "tests/fuzz/check.hpp"

#include <nlohmann/json.hpp>

#include <set>

namespace relay::fuzz {

namespace {

bool is_text(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = protocol::utf8_length(text);
        if (length == 0 || text.front() == '\0') {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const char byte[] = {c};
        out += "%" + protocol::to_hex(protocol::as_bytes({byte, 1}));
    }
    return out;
}

/// The head parser lets visible ASCII through and nothing else.
bool is_visible(std::string_view text) {
    for (const char c : text) {
        if (c <= 0x20 || c >= 0x7F) {
            return false;
        }
    }
    return true;
}

} // namespace

void judge(protocol::BytesView input) {
    const std::string_view text = protocol::as_text(input);
    if (!is_visible(text)) {
        return;
    }
    const auto query = server::http::parse_query(text);
    for (const auto& finding : query.findings) {
        require(
            finding.code == "bad_format" || finding.code == "duplicate_member" || finding.code == "out_of_range",
            "three things can be wrong"
        );
    }
    const auto told = query.findings.size() + query.parameters.size();
    require(told <= server::http::most_parameters + 1, "what is looked at is bounded");
    const protocol::Error error(protocol::ErrorCode::malformed_request, query.findings);
    require(nlohmann::json::accept(protocol::problem_json(error, protocol::Language::en, "id")), "a problem is JSON");
    std::set<std::string_view> names;
    std::string rendered;
    for (const auto& [name, value] : query.parameters) {
        require(names.insert(name).second, "a name stands once");
        require(is_text(name) && is_text(value), "names and values are text");
        rendered += escape(name) + "=" + escape(value) + "&";
    }
    const auto again = server::http::parse_query(rendered);
    require(again.findings.empty() && again.parameters == query.parameters, "parameters survive escaping");
}

} // namespace relay::fuzz
