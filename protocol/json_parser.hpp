// JSON text (RFC 8259) to a tree that keeps what strict reading needs: duplicates, exact integers, which members
// were asked for. Used by json_reader alone. Written here because bodies carry base64 of megabytes: strings are
// scanned eight bytes at a time and stay where they are, several times faster than with a general parser.
#pragma once

#include "protocol/json_reader.hpp"

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relay::protocol {

enum class JsonKind : std::uint8_t {
    null,
    boolean,
    integer,     ///< without fraction or exponent, within std::int64_t
    big_integer, ///< likewise, beyond it
    other_number,
    string,
    array,
    object,
};

/// A value, and its name where it is a member of an object. Owns nothing: names and strings lie in the text itself, or
/// decoded in the document's memory where they hold escapes, and so do children.
struct JsonValue {
    std::string_view name;
    std::string_view text; ///< of a string
    std::int64_t integer = 0;
    JsonValue* first_child = nullptr; ///< members of an object, elements of an array
    std::uint32_t child_count = 0;
    JsonKind kind = JsonKind::null;
    bool opened = false; ///< its members are checked for unknown ones
    bool asked = false;  ///< somebody knows this member

    [[nodiscard]] std::span<JsonValue> children() const noexcept { return {first_child, child_count}; }
};

/// Findings with bounds, so that a hostile body makes neither a huge answer nor much work: at most 1,000 of them, one
/// for each place besides duplicate_member, and 256 KiB of pointers, told or not. Where not even the first pointer
/// fits, it is that of the whole document.
class JsonFindings {
public:
    void note(std::string pointer, std::string code);
    /// Whether one with a pointer of that many bytes may still be told: ask before a long one is made.
    [[nodiscard]] bool has_room(std::size_t pointer_size) const noexcept;
    /// Forgets the rest: when the text is no JSON, nothing else is worth telling.
    void note_alone(std::string code);
    [[nodiscard]] bool empty() const noexcept { return !any_; }
    [[nodiscard]] std::vector<Finding> take() { return std::move(all_); }

private:
    std::vector<Finding> all_;
    std::size_t pointer_bytes_ = 0;
    bool any_ = false;
};

/// False when the text is no JSON, too deep or of more than 65,536 values: `findings` then tell. `root` is good as long
/// as `text` and `memory`, which takes 56 bytes a value and what was escaped.
[[nodiscard]] bool parse_json(
    std::string_view text,
    const JsonDocument::Limits& limits,
    std::pmr::memory_resource& memory,
    JsonValue& root,
    JsonFindings& findings
);

} // namespace relay::protocol
