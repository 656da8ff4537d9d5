#include "protocol/json_writer.hpp"

namespace relay::protocol {

namespace {

/// The escape of a character that cannot stand for itself in a string; empty for all others.
std::string_view short_escape(char c) noexcept {
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\t':
        return "\\t";
    case '\n':
        return "\\n";
    case '\f':
        return "\\f";
    case '\r':
        return "\\r";
    default:
        return {};
    }
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out.push_back('"');
    std::size_t told = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto value = static_cast<unsigned char>(text[i]);
        if (value >= 0x20 && value != '"' && value != '\\') {
            continue;
        }
        out.append(text.substr(told, i - told));
        told = i + 1;
        const auto escape = short_escape(text[i]);
        if (!escape.empty()) {
            out.append(escape);
        } else {
            out.append("\\u00");
            out.push_back(digits[value >> 4U]);
            out.push_back(digits[value & 15U]);
        }
    }
    out.append(text.substr(told));
    out.push_back('"');
}

void append_json_name(std::string& out, std::string_view name) {
    if (!out.ends_with('{')) {
        out.push_back(',');
    }
    append_json_string(out, name);
    out.push_back(':');
}

void append_json_member(std::string& out, std::string_view name, std::string_view text) {
    append_json_name(out, name);
    append_json_string(out, text);
}

} // namespace relay::protocol
