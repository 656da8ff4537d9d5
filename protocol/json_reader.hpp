// Strict JSON in: UTF-8, no duplicate or unknown members, bounded depth, ranges, every problem at once.
// Used for request bodies, manifests and receipts, in the server and in the client.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/error.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::protocol {

class JsonNode;
struct JsonValue;

/// A parsed document and what was wrong with it. Findings collect while members are read; nothing throws.
/// Codes: missing, unknown_member, duplicate_member, wrong_type, out_of_range, bad_format, inconsistent.
class JsonDocument {
public:
    struct Limits {
        std::size_t max_depth = 16;
        bool refuse_nul = true; ///< U+0000 anywhere in a string or name: bad_format
    };

    /// Never fails: text that is no JSON, has a BOM, is too deep or no object leaves findings and an empty root.
    /// Strings are not copied: `text` must outlive the document.
    [[nodiscard]] static JsonDocument parse(std::string_view text, const Limits& limits);
    template <std::same_as<std::string> Temporary>
    static JsonDocument parse(Temporary&& text, const Limits& limits) = delete;
    ~JsonDocument();
    JsonDocument(JsonDocument&&) noexcept;
    JsonDocument& operator=(JsonDocument&&) noexcept;

    [[nodiscard]] JsonNode root();
    /// Call after all members were read: members that were never asked for become unknown_member
    /// (at every level that was opened by object()).
    [[nodiscard]] std::vector<Finding> finish();
    /// False when the text was no JSON object at all; then only finish() is of use.
    [[nodiscard]] bool usable() const noexcept;
    void add(std::string pointer, std::string code);
    /// True while nothing was found.
    [[nodiscard]] bool clean() const noexcept;

private:
    friend class JsonNode;
    struct State;
    explicit JsonDocument(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// A place in a document. Cheap to copy; lives no longer than its document.
/// Every getter takes a member's name, notes what is wrong under the right pointer and then returns nothing.
class JsonNode {
public:
    /// False for the placeholder of a member that is missing or no object; its getters return nothing silently.
    [[nodiscard]] explicit operator bool() const noexcept;
    [[nodiscard]] const std::string& pointer() const noexcept;
    /// Whether the member is there; counts as asking for it.
    [[nodiscard]] bool has(std::string_view name) const;

    [[nodiscard]] JsonNode object(std::string_view name);
    /// The same when the member may be absent.
    [[nodiscard]] JsonNode optional_object(std::string_view name);
    /// The members of an array of objects, a placeholder for each that is none; out_of_range (and an empty list)
    /// unless min ≤ size ≤ max.
    [[nodiscard]] std::vector<JsonNode> objects(std::string_view name, std::size_t min, std::size_t max);
    /// An array of strings, likewise; "" stands for an element that is none (wrong_type).
    [[nodiscard]] std::vector<std::string> strings(std::string_view name, std::size_t min, std::size_t max);
    [[nodiscard]] std::optional<std::string> string(std::string_view name);
    [[nodiscard]] std::optional<std::string> optional_string(std::string_view name);
    /// A string of a form that `parse` (a function from string_view to an optional value) knows; bad_format otherwise.
    template <class Parse>
    [[nodiscard]] auto string_as(std::string_view name, Parse parse) -> decltype(parse(std::string_view())) {
        const auto text = text_of(name, true);
        if (!text) {
            return std::nullopt;
        }
        auto value = parse(*text);
        if (!value) {
            add(name, "bad_format");
        }
        return value;
    }
    /// A whole number without fraction or exponent, min ≤ n ≤ max.
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
    /// A string of strict base64; bad_format otherwise.
    [[nodiscard]] std::optional<Bytes> base64(std::string_view name);
    [[nodiscard]] std::optional<Bytes> optional_base64(std::string_view name);
    /// Notes a finding at this node's member (or at the node itself with an empty name).
    void add(std::string_view name, std::string code);

private:
    friend class JsonDocument;
    JsonNode(JsonDocument::State* state, JsonValue* value, std::string pointer);
    [[nodiscard]] JsonValue* required(std::string_view name);
    [[nodiscard]] JsonValue* array_of(std::string_view name, std::size_t min, std::size_t max);
    [[nodiscard]] std::optional<std::string_view> text_of(std::string_view name, bool must_be_there);
    [[nodiscard]] std::optional<Bytes> bytes_of(std::string_view name, bool must_be_there);
    JsonDocument::State* state_ = nullptr;
    JsonValue* value_ = nullptr;
    std::string pointer_;
};

/// `name` as a reference token of RFC 6901 (~ and / escaped), with its leading slash.
[[nodiscard]] std::string pointer_token(std::string_view name);

} // namespace relay::protocol
