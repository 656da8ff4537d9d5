// Accept-Language.
#include "protocol/problem.hpp"

#include "tests/fuzz/check.hpp"

#include <string>

namespace relay::fuzz {

void judge(protocol::BytesView input) {
    using protocol::choose_language;
    using protocol::Language;
    const std::string text(protocol::as_text(input));
    const Language chosen = choose_language(text);
    std::string upper = text;
    std::size_t commas = 0;
    for (char& c : upper) {
        commas += c == ',' ? 1 : 0;
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    require(choose_language(upper) == chosen, "case says nothing");
    if (upper.find("EN") == std::string::npos && upper.find('*') == std::string::npos) {
        require(chosen == Language::ja, "English must be asked for");
    }
    if (text.size() <= 1000 && commas < 40) {
        require(choose_language(text + ", fr;q=1, ,") == chosen, "other languages say nothing");
        require(choose_language("fr , " + text) == chosen, "other languages say nothing before either");
        require(
            choose_language(text + ",ja,ja-JP;q=0.1") == Language::ja || chosen == Language::en, "Japanese wins ties"
        );
    }
}

} // namespace relay::fuzz
