#include "client/words.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace relay::client {
namespace {

/// The errors that a person at a terminal can mend. The C library has no Japanese texts of its own.
constexpr std::array<std::pair<std::errc, std::string_view>, 11> system_words{{
    {std::errc::no_such_file_or_directory, "ファイルまたはフォルダーがありません"},
    {std::errc::permission_denied, "アクセスが許可されていません"},
    {std::errc::operation_not_permitted, "操作が許可されていません"},
    {std::errc::file_exists, "すでにあります"},
    {std::errc::is_a_directory, "ファイルではなくフォルダーです"},
    {std::errc::not_a_directory, "フォルダーではありません"},
    {std::errc::no_space_on_device, "ディスクの空きがありません"},
    {std::errc::read_only_file_system, "書き込みのできないディスクです"},
    {std::errc::too_many_files_open, "開いているファイルが多すぎます"},
    {std::errc::filename_too_long, "ファイル名が長すぎます"},
    {std::errc::io_error, "ディスクの読み書きに失敗しました"},
}};

} // namespace

bool in_japanese() {
    for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
        const char* value = std::getenv(name);
        if (value != nullptr && *value != '\0') {
            return std::string_view(value).starts_with("ja");
        }
    }
    return false;
}

std::string preferred_language() {
    return in_japanese() ? "ja" : "en";
}

std::string words(std::string_view english, std::string_view japanese, std::initializer_list<std::string_view> values) {
    const auto text = in_japanese() ? japanese : english;
    std::string filled;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool place = text[at] == '{' && at + 2 < text.size() && text[at + 2] == '}';
        const auto number = place ? static_cast<std::size_t>(text[at + 1] - '0') : values.size();
        if (number < values.size()) {
            filled += *(values.begin() + number);
            at += 2;
        } else {
            filled += text[at];
        }
    }
    return filled;
}

std::string words_of(const std::error_code& error) {
    const auto* found = std::find_if(system_words.begin(), system_words.end(), [&](const auto& one) {
        return error == std::make_error_condition(one.first);
    });
    return in_japanese() && found != system_words.end() ? std::string(found->second) : error.message();
}

} // namespace relay::client
