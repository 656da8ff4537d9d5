// JSON strings out, for the few documents that are written by hand to get their exact bytes.
#pragma once

#include <string>
#include <string_view>

namespace relay::protocol {

/// Appends `text` (UTF-8) quoted, with the escapes of RFC 8785 §3.2.2.2 and no others.
void append_json_string(std::string& out, std::string_view text);

/// Appends `"name":` behind a comma, except right after an opening brace.
void append_json_name(std::string& out, std::string_view name);

/// Appends `"name":"text"` likewise.
void append_json_member(std::string& out, std::string_view name, std::string_view text);

} // namespace relay::protocol
