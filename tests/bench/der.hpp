// Writing DER (X.690), for signatures that are made by the hundred thousand: OpenSSL's CMS takes ten times as long.
#pragma once

#include <string>
#include <string_view>

namespace relay::bench::der {

/// One element: tag, length, content.
[[nodiscard]] std::string element(unsigned char tag, std::string_view content);

[[nodiscard]] inline std::string sequence(std::string_view content) {
    return element(0x30, content);
}
[[nodiscard]] inline std::string set(std::string_view content) {
    return element(0x31, content);
}
[[nodiscard]] inline std::string octets(std::string_view content) {
    return element(0x04, content);
}
/// Context-specific, constructed.
[[nodiscard]] inline std::string context(unsigned number, std::string_view content) {
    return element(static_cast<unsigned char>(0xA0U | number), content);
}

} // namespace relay::bench::der
