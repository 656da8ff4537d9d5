#include "protocol/json_reader.hpp"

#include "protocol/json_parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace relay::protocol {

struct JsonDocument::State {
    /// A level whose unknown members are told.
    struct Level {
        const JsonValue* object;
        std::string pointer;
    };

    std::array<std::byte, 4096> usual_memory; ///< enough for most documents
    std::pmr::monotonic_buffer_resource memory{usual_memory.data(), usual_memory.size()};
    JsonValue root;
    bool usable = false;
    JsonFindings findings;
    std::vector<Level> levels;

    void open(JsonValue& object, const std::string& pointer) {
        if (!object.opened) {
            object.opened = true;
            levels.push_back(Level{&object, pointer});
        }
    }
};

namespace {

constexpr std::size_t max_findings = 1'000;
constexpr std::size_t max_pointer_bytes = 256 * 1024;

/// Finds a member and remembers that it is known; the first one counts where a name stands more than once.
JsonValue* ask(JsonValue& object, std::string_view name) {
    JsonValue* found = nullptr;
    for (JsonValue& member : object.children()) {
        if (member.name == name) {
            member.asked = true;
            found = found == nullptr ? &member : found;
        }
    }
    return found;
}

} // namespace

void JsonFindings::note(std::string pointer, std::string code) {
    any_ = true;
    const bool fits = has_room(pointer.size());
    pointer_bytes_ += pointer.size();
    if (!fits && !all_.empty()) {
        return;
    }
    if (!fits) {
        pointer.clear();
    }
    // What is wrong with one place is told once; that it stands twice says nothing of its value.
    const bool told = code != "duplicate_member" && std::any_of(all_.begin(), all_.end(), [&](const Finding& f) {
                          return f.pointer == pointer && f.code != "duplicate_member";
                      });
    if (!told) {
        all_.push_back(Finding{std::move(pointer), std::move(code), {}, {}});
    }
}

bool JsonFindings::has_room(std::size_t pointer_size) const noexcept {
    return all_.size() < max_findings && pointer_bytes_ + pointer_size <= max_pointer_bytes;
}

void JsonFindings::note_alone(std::string code) {
    all_.clear();
    note({}, std::move(code));
}

JsonDocument JsonDocument::parse(std::string_view text, const Limits& limits) {
    auto state = std::make_unique_for_overwrite<State>(); // whose memory need not be zeros
    state->levels.reserve(8);
    if (parse_json(text, limits, state->memory, state->root, state->findings)) {
        state->usable = state->root.kind == JsonKind::object;
        if (!state->usable) {
            state->findings.note_alone("wrong_type");
        }
    }
    return JsonDocument(std::move(state));
}

JsonDocument::JsonDocument(std::unique_ptr<State> state) : state_(std::move(state)) {
}
JsonDocument::~JsonDocument() = default;
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;

JsonNode JsonDocument::root() {
    if (!state_->usable) {
        return {state_.get(), nullptr, {}};
    }
    state_->open(state_->root, {});
    return {state_.get(), &state_->root, {}};
}

std::vector<Finding> JsonDocument::finish() {
    for (const State::Level& level : state_->levels) {
        for (const JsonValue& member : level.object->children()) {
            if (!member.asked) {
                state_->findings.note(level.pointer + pointer_token(member.name), "unknown_member");
            }
        }
    }
    state_->levels.clear();
    return state_->findings.take();
}

bool JsonDocument::usable() const noexcept {
    return state_->usable;
}

void JsonDocument::add(std::string pointer, std::string code) {
    state_->findings.note(std::move(pointer), std::move(code));
}

bool JsonDocument::clean() const noexcept {
    return state_->findings.empty();
}

JsonNode::JsonNode(JsonDocument::State* state, JsonValue* value, std::string pointer)
    : state_(state),
      value_(value),
      pointer_(std::move(pointer)) {
}

JsonNode::operator bool() const noexcept {
    return value_ != nullptr;
}

const std::string& JsonNode::pointer() const noexcept {
    return pointer_;
}

bool JsonNode::has(std::string_view name) const {
    return value_ != nullptr && ask(*value_, name) != nullptr;
}

void JsonNode::add(std::string_view name, std::string code) {
    if (state_ != nullptr) {
        state_->findings.note(name.empty() ? pointer_ : pointer_ + pointer_token(name), std::move(code));
    }
}

JsonNode JsonNode::object(std::string_view name) {
    if (value_ != nullptr && !has(name)) {
        add(name, "missing");
    }
    return optional_object(name);
}

JsonNode JsonNode::optional_object(std::string_view name) {
    JsonValue* value = value_ == nullptr ? nullptr : ask(*value_, name);
    std::string pointer = pointer_ + pointer_token(name);
    if (value == nullptr) {
        return {state_, nullptr, std::move(pointer)};
    }
    if (value->kind != JsonKind::object) {
        add(name, "wrong_type");
        return {state_, nullptr, std::move(pointer)};
    }
    state_->open(*value, pointer);
    return {state_, value, std::move(pointer)};
}

std::vector<JsonNode> JsonNode::objects(std::string_view name, std::size_t min, std::size_t max) {
    std::vector<JsonNode> nodes;
    JsonValue* value = array_of(name, min, max);
    if (value == nullptr) {
        return nodes;
    }
    const std::string prefix = pointer_ + pointer_token(name) + "/";
    nodes.reserve(value->child_count);
    for (JsonValue& item : value->children()) {
        std::string pointer = prefix + std::to_string(nodes.size());
        const bool good = item.kind == JsonKind::object;
        if (good) {
            state_->open(item, pointer);
        } else {
            state_->findings.note(pointer, "wrong_type");
        }
        nodes.push_back(JsonNode(state_, good ? &item : nullptr, std::move(pointer)));
    }
    return nodes;
}

std::vector<std::string> JsonNode::strings(std::string_view name, std::size_t min, std::size_t max) {
    std::vector<std::string> texts;
    const JsonValue* value = array_of(name, min, max);
    if (value == nullptr) {
        return texts;
    }
    const std::string prefix = pointer_ + pointer_token(name) + "/";
    texts.reserve(value->child_count);
    for (const JsonValue& item : value->children()) {
        if (item.kind != JsonKind::string) {
            state_->findings.note(prefix + std::to_string(texts.size()), "wrong_type");
        }
        texts.emplace_back(item.text); // "" for what is no string, so that places stay as they are
    }
    return texts;
}

std::optional<std::string> JsonNode::string(std::string_view name) {
    const auto text = text_of(name, true);
    return text ? std::optional(std::string(*text)) : std::nullopt;
}

std::optional<std::string> JsonNode::optional_string(std::string_view name) {
    const auto text = text_of(name, false);
    return text ? std::optional(std::string(*text)) : std::nullopt;
}

std::optional<std::int64_t> JsonNode::integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const JsonValue* value = required(name);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (value->kind != JsonKind::integer && value->kind != JsonKind::big_integer) {
        add(name, "wrong_type");
        return std::nullopt;
    }
    if (value->kind == JsonKind::big_integer || value->integer < min || value->integer > max) {
        add(name, "out_of_range");
        return std::nullopt;
    }
    return value->integer;
}

std::optional<Bytes> JsonNode::base64(std::string_view name) {
    return bytes_of(name, true);
}

std::optional<Bytes> JsonNode::optional_base64(std::string_view name) {
    return bytes_of(name, false);
}

JsonValue* JsonNode::required(std::string_view name) {
    JsonValue* value = value_ == nullptr ? nullptr : ask(*value_, name);
    if (value_ != nullptr && value == nullptr) {
        add(name, "missing");
    }
    return value;
}

JsonValue* JsonNode::array_of(std::string_view name, std::size_t min, std::size_t max) {
    JsonValue* value = required(name);
    if (value == nullptr) {
        return nullptr;
    }
    if (value->kind != JsonKind::array) {
        add(name, "wrong_type");
        return nullptr;
    }
    if (value->child_count < min || value->child_count > max) {
        add(name, "out_of_range");
        return nullptr;
    }
    return value;
}

std::optional<std::string_view> JsonNode::text_of(std::string_view name, bool must_be_there) {
    if (!must_be_there && !has(name)) {
        return std::nullopt;
    }
    const JsonValue* value = required(name);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (value->kind != JsonKind::string) {
        add(name, "wrong_type");
        return std::nullopt;
    }
    return value->text;
}

std::optional<Bytes> JsonNode::bytes_of(std::string_view name, bool must_be_there) {
    const auto text = text_of(name, must_be_there);
    if (!text) {
        return std::nullopt;
    }
    auto bytes = from_base64(*text);
    if (!bytes) {
        add(name, "bad_format");
    }
    return bytes;
}

std::string pointer_token(std::string_view name) {
    std::string token = "/";
    token.reserve(name.size() + 1);
    for (const char c : name) {
        if (c == '~') {
            token += "~0";
        } else if (c == '/') {
            token += "~1";
        } else {
            token.push_back(c);
        }
    }
    return token;
}

} // namespace relay::protocol
