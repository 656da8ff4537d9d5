// Strict JSON, against nlohmann's reader: what one takes the other takes too, with the same values, but for what is
// stricter here (depth, number of values, byte order mark, U+0000, duplicates).
#include "protocol/json_parser.hpp"

#include "protocol/json_writer.hpp"
#include "protocol/problem.hpp"
#include "tests/fuzz/check.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace relay::fuzz {

namespace {

using namespace protocol;
using Theirs = nlohmann::json;

enum class Their : std::uint8_t { good, bad, number_too_large };

Their read_theirs(std::string_view text, Theirs& value) {
    try {
        value = Theirs::parse(text);
        return Their::good;
    } catch (const Theirs::out_of_range&) {
        return Their::number_too_large;
    } catch (const Theirs::exception&) {
        return Their::bad;
    }
}

bool has_duplicates(const JsonValue& object) {
    std::vector<std::string_view> names;
    for (const JsonValue& member : object.children()) {
        names.push_back(member.name);
    }
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
}

void compare(const JsonValue& ours, const Theirs& theirs) {
    switch (ours.kind) {
    case JsonKind::null:
        return require(theirs.is_null(), "null is null");
    case JsonKind::boolean:
        return require(theirs.is_boolean(), "a boolean is one");
    case JsonKind::integer:
        return require(
            theirs.is_number_integer() && theirs.get<std::int64_t>() == ours.integer, "an integer has one value"
        );
    case JsonKind::big_integer:
    case JsonKind::other_number:
        return require(theirs.is_number(), "a number is one");
    case JsonKind::string:
        return require(
            theirs.is_string() && theirs.get_ref<const std::string&>() == ours.text, "a string has one value"
        );
    case JsonKind::array:
        require(theirs.is_array() && theirs.size() == ours.child_count, "an array has one length");
        for (std::size_t i = 0; i < ours.child_count; ++i) {
            compare(ours.children()[i], theirs[i]);
        }
        return;
    case JsonKind::object:
        require(theirs.is_object(), "an object is one");
        if (has_duplicates(ours)) {
            return; // the other reader keeps the last one alone
        }
        require(theirs.size() == ours.child_count, "an object has one number of members");
        for (const JsonValue& member : ours.children()) {
            const std::string name(member.name);
            require(theirs.contains(name), "a member has one name");
            compare(member, theirs[name]);
        }
        return;
    }
}

/// How deep a value is; duplicates that the other reader dropped are not seen.
std::size_t depth_of(const Theirs& value) {
    std::size_t deepest = 0;
    if (value.is_structured()) {
        for (const Theirs& inner : value) {
            deepest = std::max(deepest, depth_of(inner));
        }
        ++deepest;
    }
    return deepest;
}

void judge_findings(const std::vector<Finding>& findings) {
    const auto problem = problem_json(Error(ErrorCode::malformed_request, findings), Language::ja, "id");
    require(nlohmann::json::accept(problem), "a problem is JSON");
    require(findings.size() <= 1000, "findings are bounded");
}

/// Reads every member of the root in some way, as bodies are read.
void judge_document(std::string_view text, const Theirs* theirs) {
    auto document = JsonDocument::parse(text, {});
    JsonNode root = document.root();
    require(static_cast<bool>(root) == document.usable(), "a usable document has a root");
    if (theirs != nullptr && theirs->is_object() && document.usable()) {
        for (const auto& [name, value] : theirs->items()) {
            require(root.has(name), "a member is there");
            static_cast<void>(root.optional_string(name));
            static_cast<void>(root.integer(name, 0, 100));
            static_cast<void>(root.optional_base64(name));
            static_cast<void>(root.strings(name, 0, 3));
            for (JsonNode& node : root.objects(name, 1, 5)) {
                static_cast<void>(node.string("a"));
            }
            static_cast<void>(root.optional_object(name).integer("b", 1, 1));
        }
    }
    const bool clean = document.clean();
    const auto findings = document.finish();
    require(!clean || document.usable(), "what is no object leaves findings");
    require(clean || !findings.empty(), "what was found is told");
    judge_findings(findings);
}

} // namespace

void judge(BytesView input) {
    const std::string_view text = as_text(input);
    Theirs theirs;
    // To the other reader a NUL is the end of the text.
    const Their their = text.find('\0') == std::string_view::npos ? read_theirs(text, theirs) : Their::bad;
    JsonValue ours;
    JsonFindings findings;
    std::pmr::monotonic_buffer_resource memory;
    const bool taken = parse_json(text, {}, memory, ours, findings);
    if (taken) {
        require(their != Their::bad, "what is taken is JSON");
        if (their == Their::good) {
            compare(ours, theirs);
            require(depth_of(theirs) <= 16, "what is taken is not too deep");
        }
    } else {
        require(!findings.empty(), "a refusal says why");
        const auto openings = std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; });
        const bool stricter = openings > 16 || text.size() > 65'536 || text.starts_with("\xEF\xBB\xBF");
        require(their != Their::good || stricter, "all JSON within the bounds is taken");
    }
    judge_findings(findings.take());
    judge_document(text, their == Their::good ? &theirs : nullptr);

    std::string written;
    if (taken && ours.kind == JsonKind::string) {
        append_json_string(written, ours.text);
        require(Theirs::parse(written) == Theirs(ours.text), "a string survives being written");
    }
}

} // namespace relay::fuzz
