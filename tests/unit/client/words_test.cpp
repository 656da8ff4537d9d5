#include "client/words.hpp"

#include "client/commands/listing.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace relay::client;

namespace {

/// The environment's locale, and what it was before.
class Locale {
public:
    explicit Locale(const char* all) {
        const char* now = std::getenv("LC_ALL");
        before_ = now == nullptr ? "" : now;
        ::setenv("LC_ALL", all, 1);
    }
    Locale(const Locale&) = delete;
    Locale& operator=(const Locale&) = delete;
    ~Locale() { ::setenv("LC_ALL", before_.c_str(), 1); } // empty counts as not set

private:
    std::string before_;
};

} // namespace

TEST_CASE("A person reads the language of the locale, with the values where they belong", "[client]") {
    {
        const Locale english("C.UTF-8");
        CHECK(words("sent {0} to {1}", "{1} へ {0} を送信", {"A", "B"}) == "sent A to B");
        CHECK_FALSE(in_japanese());
        CHECK(words_of(std::make_error_code(std::errc::no_such_file_or_directory)) == "No such file or directory");
    }
    const Locale japanese("ja_JP.UTF-8");
    CHECK(in_japanese());
    CHECK(words("sent {0} to {1}", "{1} へ {0} を送信", {"A", "B"}) == "B へ A を送信");
    CHECK(words("", "{0}{0}{2}{x}{", {"{1}", "B"}) == "{1}{1}{2}{x}{"); // values are not looked into
    CHECK(words_of(std::make_error_code(std::errc::no_space_on_device)) == "ディスクの空きがありません");
    CHECK(words_of(std::make_error_code(std::errc::owner_dead)) == std::generic_category().message(EOWNERDEAD));
}

TEST_CASE("What others wrote cannot steer the terminal", "[client]") {
    CHECK(for_terminal("a\x1B[31mb\x7F\r\n\tc") == "a[31mb\n\tc");
    CHECK(
        for_terminal("a\xC2\x9B"
                     "31mb\xC2\x80\xC2\x9F") == "a31mb"
    ); // U+009B is CSI in one character
    CHECK(for_terminal("田中\xC2\xA0様é\xC2") == "田中\xC2\xA0様é\xC2");
}
