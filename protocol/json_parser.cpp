#include "protocol/json_parser.hpp"

#include "protocol/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

namespace relay::protocol {

namespace {

constexpr std::size_t max_values = 65'536;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// True when eight bytes hold no quote, no backslash, no control character and nothing beyond ASCII.
bool is_plain(const char* eight) noexcept {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101ULL;
    constexpr std::uint64_t tops = 0x80 * ones;
    std::uint64_t x = 0;
    std::memcpy(&x, eight, sizeof x);
    const std::uint64_t quotes = x ^ ('"' * ones);
    const std::uint64_t backslashes = x ^ ('\\' * ones);
    return ((x | (x - 0x20 * ones) | (quotes - ones) | (backslashes - ones)) & tops) == 0;
}

class Parser {
public:
    Parser(
        std::string_view text,
        const JsonDocument::Limits& limits,
        std::pmr::memory_resource& memory,
        JsonFindings& findings
    )
        : rest_(text),
          limits_(limits),
          memory_(memory),
          findings_(findings) {}

    bool parse(JsonValue& root) {
        if (read_value(root, 1)) {
            skip_space();
            if (rest_.empty()) {
                return true;
            }
        }
        if (!told_) {
            findings_.note_alone("bad_format");
        }
        return false;
    }

private:
    /// Where in the document: a member's name or an element's index.
    struct Step {
        const std::string_view* name;
        std::size_t index;
    };

    [[nodiscard]] std::string pointer() const {
        std::string out;
        for (const Step& step : path_) {
            out += step.name != nullptr ? pointer_token(*step.name) : "/" + std::to_string(step.index);
        }
        return out;
    }

    /// Notes what is wrong here, or with the member of that name in the object here. A pointer may be as long as the
    /// text: it is not made when it would not be kept.
    void note(std::string_view code, const std::string_view* member = nullptr) {
        std::size_t size = member != nullptr ? member->size() : 0;
        for (const Step& step : path_) {
            size += step.name != nullptr ? step.name->size() : 0;
        }
        if (findings_.has_room(size)) {
            findings_.note(pointer() + (member != nullptr ? pointer_token(*member) : ""), std::string(code));
        } else if (findings_.empty()) {
            findings_.note({}, std::string(code));
        }
    }

    /// Gives up on a document that is JSON so far.
    bool refuse() {
        note("out_of_range");
        told_ = true;
        return false;
    }

    void skip_space() noexcept {
        while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\r' || rest_[0] == '\t')) {
            rest_.remove_prefix(1);
        }
    }

    bool take(std::string_view word) noexcept {
        if (!rest_.starts_with(word)) {
            return false;
        }
        rest_.remove_prefix(word.size());
        return true;
    }

    bool read_value(JsonValue& value, std::size_t depth) {
        if (++values_ > max_values) {
            return refuse();
        }
        skip_space();
        if (rest_.empty()) {
            return false;
        }
        switch (rest_[0]) {
        case '{':
            value.kind = JsonKind::object;
            return depth <= limits_.max_depth ? read_object(value, depth) : refuse();
        case '[':
            value.kind = JsonKind::array;
            return depth <= limits_.max_depth ? read_array(value, depth) : refuse();
        case '"':
            value.kind = JsonKind::string;
            return read_text(value.text);
        case 't':
            value.kind = JsonKind::boolean;
            return take("true");
        case 'f':
            value.kind = JsonKind::boolean;
            return take("false");
        case 'n':
            value.kind = JsonKind::null;
            return take("null");
        default:
            return read_number(value);
        }
    }

    bool read_object(JsonValue& value, std::size_t depth) {
        rest_.remove_prefix(1);
        skip_space();
        if (take("}")) {
            return true;
        }
        const std::size_t before = unplaced_.size();
        do {
            JsonValue member;
            skip_space();
            path_.push_back({&member.name, 0});
            if (!rest_.starts_with('"') || !read_text(member.name)) {
                return false;
            }
            skip_space();
            if (!take(":") || !read_value(member, depth + 1)) {
                return false;
            }
            path_.pop_back();
            unplaced_.push_back(member);
            skip_space();
        } while (take(","));
        place_children(value, before);
        note_duplicates(value);
        return take("}");
    }

    bool read_array(JsonValue& value, std::size_t depth) {
        rest_.remove_prefix(1);
        skip_space();
        if (take("]")) {
            return true;
        }
        const std::size_t before = unplaced_.size();
        do {
            path_.push_back({nullptr, unplaced_.size() - before});
            JsonValue item;
            if (!read_value(item, depth + 1)) {
                return false;
            }
            path_.pop_back();
            unplaced_.push_back(item);
            skip_space();
        } while (take(","));
        place_children(value, before);
        return take("]");
    }

    /// Moves the children, read but for those of outer values, to where they stay.
    void place_children(JsonValue& value, std::size_t before) {
        const auto first = unplaced_.begin() + static_cast<std::ptrdiff_t>(before);
        const auto count = static_cast<std::size_t>(unplaced_.end() - first);
        value.first_child = std::pmr::polymorphic_allocator<JsonValue>(&memory_).allocate(count);
        value.child_count = static_cast<std::uint32_t>(count);
        std::uninitialized_copy(first, unplaced_.end(), value.first_child);
        unplaced_.erase(first, unplaced_.end());
    }

    /// Sorted rather than compared each with each: an object may have very many members.
    void note_duplicates(const JsonValue& object) {
        names_.clear();
        for (const JsonValue& member : object.children()) {
            names_.push_back(member.name);
        }
        std::sort(names_.begin(), names_.end());
        for (auto at = std::adjacent_find(names_.begin(), names_.end()); at != names_.end();) {
            const std::string_view name = *at;
            note("duplicate_member", &name);
            at = std::adjacent_find(std::upper_bound(at, names_.end(), name), names_.end());
        }
    }

    bool read_number(JsonValue& value) {
        const std::string_view from = rest_;
        take("-");
        if (!take("0") && !take_digits()) {
            return false;
        }
        const std::size_t whole = from.size() - rest_.size();
        bool is_whole = true;
        if (take(".")) {
            is_whole = false;
            if (!take_digits()) {
                return false;
            }
        }
        if (take("e") || take("E")) {
            is_whole = false;
            if (!take("+")) {
                take("-");
            }
            if (!take_digits()) {
                return false;
            }
        }
        if (!is_whole) {
            value.kind = JsonKind::other_number;
            return true;
        }
        const auto done = std::from_chars(from.data(), from.data() + whole, value.integer);
        value.kind = done.ec == std::errc() ? JsonKind::integer : JsonKind::big_integer;
        return true;
    }

    bool take_digits() noexcept {
        const std::size_t before = rest_.size();
        while (!rest_.empty() && is_digit(rest_[0])) {
            rest_.remove_prefix(1);
        }
        return rest_.size() != before;
    }

    /// A string with its quotes.
    bool read_text(std::string_view& out) {
        rest_.remove_prefix(1);
        if (!take_run(out)) {
            return false;
        }
        return take("\"") || decode_text(out);
    }

    /// The same when `out`, its beginning, ends at an escape.
    bool decode_text(std::string_view& out) {
        std::string decoded(out);
        std::string_view run;
        bool has_nul = false;
        do {
            if (!take("\\") || !read_escape(decoded)) {
                return false;
            }
            has_nul = has_nul || decoded.back() == '\0';
            if (!take_run(run)) {
                return false;
            }
            decoded.append(run);
        } while (!take("\""));
        char* kept = std::pmr::polymorphic_allocator<char>(&memory_).allocate(decoded.size());
        std::copy(decoded.begin(), decoded.end(), kept);
        out = {kept, decoded.size()};
        if (has_nul && limits_.refuse_nul) {
            note("bad_format");
        }
        return true;
    }

    /// Takes everything up to a quote or backslash; false at the text's end, a control character or bad UTF-8.
    bool take_run(std::string_view& run) noexcept {
        std::size_t at = 0;
        for (;;) {
            while (at + 8 <= rest_.size() && is_plain(rest_.data() + at)) {
                at += 8;
            }
            if (at >= rest_.size()) {
                return false;
            }
            const char c = rest_[at];
            if (c == '"' || c == '\\') {
                break;
            }
            const std::size_t length = static_cast<unsigned char>(c) < 0x20 ? 0 : utf8_length(rest_.substr(at));
            if (length == 0) {
                return false;
            }
            at += length;
        }
        run = rest_.substr(0, at);
        rest_.remove_prefix(at);
        return true;
    }

    bool read_escape(std::string& out) {
        constexpr std::string_view marks = "\"\\/bfnrt";
        constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
        if (take("u")) {
            return read_unicode_escape(out);
        }
        const std::size_t which = rest_.empty() ? std::string_view::npos : marks.find(rest_[0]);
        if (which == std::string_view::npos) {
            return false;
        }
        out.push_back(meant[which]);
        rest_.remove_prefix(1);
        return true;
    }

    bool read_unicode_escape(std::string& out) {
        std::uint32_t unit = 0;
        if (!read_four(unit) || (unit >= 0xdc00 && unit <= 0xdfff)) {
            return false;
        }
        if (unit >= 0xd800 && unit <= 0xdbff) {
            std::uint32_t low = 0;
            if (!take("\\u") || !read_four(low) || low < 0xdc00 || low > 0xdfff) {
                return false;
            }
            unit = 0x10000 + ((unit - 0xd800) << 10U) + (low - 0xdc00);
        }
        append_utf8(out, unit);
        return true;
    }

    bool read_four(std::uint32_t& unit) noexcept {
        if (rest_.size() < 4) {
            return false;
        }
        const auto done = std::from_chars(rest_.data(), rest_.data() + 4, unit, 16);
        if (done.ec != std::errc() || done.ptr != rest_.data() + 4) {
            return false;
        }
        rest_.remove_prefix(4);
        return true;
    }

    std::string_view rest_;
    const JsonDocument::Limits& limits_;
    std::pmr::memory_resource& memory_;
    JsonFindings& findings_;
    std::vector<Step> path_;
    std::vector<JsonValue> unplaced_; ///< children of all values that are not read to their ends
    std::vector<std::string_view> names_;
    std::size_t values_ = 0;
    bool told_ = false;
};

} // namespace

bool parse_json(
    std::string_view text,
    const JsonDocument::Limits& limits,
    std::pmr::memory_resource& memory,
    JsonValue& root,
    JsonFindings& findings
) {
    return Parser(text, limits, memory, findings).parse(root);
}

} // namespace relay::protocol
