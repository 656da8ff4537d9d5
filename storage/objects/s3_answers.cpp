#include "storage/objects/s3_answers.hpp"

#include "protocol/time.hpp"
#include "storage/objects/object_file.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace relay::storage::objects {

using protocol::Result;

namespace {

/// What stands between <name> and </name>: these answers are flat, and ask for no parser. Moves `text` behind it.
std::string_view element(std::string_view& text, std::string_view name) {
    const auto opening = "<" + std::string(name) + ">";
    const auto closing = "</" + std::string(name) + ">";
    const auto begin = text.find(opening);
    const auto end = begin == std::string_view::npos ? begin : text.find(closing, begin);
    if (end == std::string_view::npos) {
        return {};
    }
    const auto content = text.substr(begin + opening.size(), end - begin - opening.size());
    text.remove_prefix(end + closing.size());
    return content;
}

std::string_view element_of(std::string_view text, std::string_view name) {
    return element(text, name);
}

std::optional<StoredObject> read_object_facts(std::string_view contents, const std::string& key) {
    StoredObject object;
    object.key = key;
    const auto size = element_of(contents, "Size");
    const auto time = protocol::parse_rfc3339(element_of(contents, "LastModified"));
    const auto parsed = std::from_chars(size.data(), size.data() + size.size(), object.size);
    if (!time || parsed.ec != std::errc() || !is_object_key(key)) {
        return std::nullopt;
    }
    object.written_at = *time;
    return object;
}

} // namespace

std::string error_code_of(const S3Answer& answer) {
    auto code = std::string(element_of(protocol::as_text(answer.body), "Code"));
    const bool plain = code.size() <= 64 && std::all_of(code.begin(), code.end(), [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                       });
    return plain ? code : std::string();
}

bool is_missing_object(const S3Answer& answer) {
    // The answer to HEAD has no body.
    const auto code = error_code_of(answer);
    return answer.status == 404 && (code == "NoSuchKey" || answer.body.empty());
}

protocol::Error refusal_of(const char* op, const S3Answer& answer) {
    const auto code = error_code_of(answer);
    return protocol::errors::unavailable(
        std::string("object store, ") + op + ": answered " + std::to_string(answer.status) +
            (code.empty() ? "" : " " + code),
        5
    );
}

Result<ObjectPage> read_list(const S3Answer& answer, const std::string& prefix) {
    auto text = protocol::as_text(answer.body);
    const auto truncated = element_of(text, "IsTruncated");
    if (truncated != "true" && truncated != "false") {
        return protocol::errors::unavailable("object store, list: the answer is no list");
    }
    ObjectPage page;
    std::string last;
    for (auto contents = element(text, "Contents"); !contents.empty(); contents = element(text, "Contents")) {
        auto key = decode_percent(element_of(contents, "Key"));
        if (!key || !key->starts_with(prefix)) {
            return protocol::errors::unavailable("object store, list: a key that was not asked for");
        }
        last = key->substr(prefix.size());
        if (auto object = read_object_facts(contents, last)) {
            page.objects.push_back(std::move(*object));
        }
    }
    if (truncated == "true") {
        page.next = std::move(last);
    }
    return page;
}

} // namespace relay::storage::objects
