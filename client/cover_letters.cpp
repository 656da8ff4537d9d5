#include "client/cover_letters.hpp"

#include "client/files.hpp"
#include "client/words.hpp"

namespace relay::client {
namespace {

constexpr std::size_t most_bytes = 64 * 1024;

Outcome<std::string> read_letter(const fs::path& path) {
    auto text = read_whole(path, most_bytes);
    if (!text) {
        return text;
    }
    if (text->starts_with("\xEF\xBB\xBF")) {
        text->erase(0, 3);
    }
    try {
        (void)Json(*text).dump();
    } catch (const Json::exception&) {
        return local_failure(
            path.string() + words(": a cover letter must be text in UTF-8", ": 送付状はUTF-8のテキストにしてください")
        );
    }
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) {
        text->pop_back();
    }
    return text;
}

} // namespace

Outcome<std::string> cover_letter_for(const protocol::OfficeNumber& office, const CoverOptions& options) {
    if (!options.folder.empty()) {
        const auto own = fs::path(options.folder) / (office.str() + ".txt");
        std::error_code error;
        if (fs::exists(own, error)) {
            return read_letter(own);
        }
    }
    if (options.message.empty() && !options.message_file.empty()) {
        return read_letter(options.message_file);
    }
    return options.message;
}

} // namespace relay::client
