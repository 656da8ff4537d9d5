// What the person at the terminal reads: English, or Japanese where the environment's locale is Japanese.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>

namespace relay::client {

[[nodiscard]] bool in_japanese();
/// "ja" or "en", as a server is asked for it.
[[nodiscard]] std::string preferred_language();

/// The text of the two that is in the person's language, its {0}, {1}, … replaced by the values.
[[nodiscard]] std::string
words(std::string_view english, std::string_view japanese, std::initializer_list<std::string_view> values = {});

/// What the system says of an error.
[[nodiscard]] std::string words_of(const std::error_code& error);

} // namespace relay::client
