#include "protocol/whole_file.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

using namespace relay;
using protocol::read_whole_file;
using namespace std::string_literals;

TEST_CASE("A file is read whole, whatever is in it", "[protocol]") {
    const test::TemporaryFolder folder;
    const std::string large(100'000, 'x');
    for (const std::string& text : {""s, "a"s, "a\0b\r\n"s, "\xff\xfe"s, large}) {
        CHECK(read_whole_file(folder.write("file", text)) == text);
    }
}

TEST_CASE("What cannot be opened or read is nothing, never an exception", "[protocol]") {
    const test::TemporaryFolder folder;
    CHECK_FALSE(read_whole_file(folder.path() / "nowhere"));
    CHECK_FALSE(read_whole_file(folder.path()));
    CHECK_FALSE(read_whole_file(folder.write("file", "text") / "below"));
    CHECK_FALSE(read_whole_file("/proc/self/mem"));
    CHECK_FALSE(read_whole_file(""));
}
