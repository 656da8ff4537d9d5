#include "client/files.hpp"

#include "tests/unit/client/system_faults.hpp"
#include "tests/unit/client/test_office.hpp"

#include <catch2/catch.hpp>

using namespace relay::client;
using namespace relay::client::testing;

TEST_CASE("finished work never replaces what stands at its place", "[client]") {
    const auto folder = TemporaryFolder::make();
    fs::create_directory(folder->path() / "new");
    fs::create_directory(folder->path() / "taken");
    CHECK_FALSE(ok(move_without_replacing(folder->path() / "new", folder->path() / "taken")));
    CHECK(ok(move_without_replacing(folder->path() / "new", folder->path() / "free")));
    CHECK(fs::exists(folder->path() / "free"));
}

TEST_CASE("where the file system cannot rename without replacing, work is finished all the same", "[client]") {
    const auto folder = TemporaryFolder::make();
    fs::create_directory(folder->path() / "new");
    fs::create_directory(folder->path() / "taken");
    fs::create_symlink("nowhere", folder->path() / "link");
    const NoRenameFlags no_flags;
    CHECK_FALSE(ok(move_without_replacing(folder->path() / "new", folder->path() / "taken")));
    CHECK_FALSE(ok(move_without_replacing(folder->path() / "new", folder->path() / "link")));
    CHECK(ok(move_without_replacing(folder->path() / "new", folder->path() / "free")));
    CHECK(fs::exists(folder->path() / "free"));
    CHECK_FALSE(fs::exists(folder->path() / "new"));
}

TEST_CASE("writing a file leaves a file of the user's beside it alone", "[client]") {
    const auto folder = TemporaryFolder::make();
    put_file(folder->path() / "report.html.new", "mine");
    REQUIRE(ok(write_durably(folder->path() / "report.html", "report")));
    CHECK(read_whole(folder->path() / "report.html.new", 100).value() == "mine");
    CHECK(read_whole(folder->path() / "report.html", 100).value() == "report");
}

TEST_CASE("a lock whose file its holder removes is never held twice", "[client]") {
    const auto folder = TemporaryFolder::make();
    const auto path = folder->path() / "lock";
    const RemovedBeforeLocked removed(path.c_str());
    const auto first = try_lock(path);
    REQUIRE((first && *first));
    CHECK_FALSE(try_lock(path)->has_value());
}
