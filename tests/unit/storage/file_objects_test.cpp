#include "protocol/digest.hpp"
#include "storage/objects/make_payload_store.hpp"
#include "tests/support/run_coro.hpp"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace relay;
using namespace relay::storage;
using protocol::Bytes;
using protocol::ErrorCode;
using protocol::Result;
using test::run_coro;

namespace {

struct Folder {
    Folder() {
        std::string pattern = "/tmp/relay-objects-XXXXXX";
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        path = pattern;
        store = open();
    }
    ~Folder() {
        store.reset();
        std::filesystem::remove_all(path);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::unique_ptr<PayloadStore> open() const {
        return objects::make_payload_store("file://" + path.string() + "/objects").value();
    }
    std::vector<std::filesystem::path> files() const {
        std::vector<std::filesystem::path> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
            if (!entry.is_directory()) {
                found.push_back(entry.path());
            }
        }
        return found;
    }

    std::filesystem::path path;
    std::unique_ptr<PayloadStore> store;
};

Awaitable<Result<void>> put(PayloadStore& store, std::string key, Bytes data, std::int64_t announced) {
    const auto digest = protocol::Digest::of(data).hex();
    auto writer = co_await store.create(key, announced, digest);
    if (!writer) {
        co_return writer.error();
    }
    const auto half = static_cast<std::ptrdiff_t>(data.size() / 2);
    const Bytes first(data.begin(), data.begin() + half);
    const Bytes second(data.begin() + half, data.end());
    auto written = co_await (*writer)->write(first);
    if (written) {
        written = co_await (*writer)->write(second);
    }
    if (!written) {
        co_return written;
    }
    const auto finished = co_await (*writer)->finish();
    co_return finished;
}

Result<void> put(PayloadStore& store, const std::string& key, const Bytes& data) {
    return run_coro(put(store, key, data, static_cast<std::int64_t>(data.size())));
}

} // namespace

TEST_CASE("An object is read back as it was written, whole and in parts", "[storage]") {
    Folder folder;
    Bytes data(3'000'000);
    for (std::size_t i = 0; i < data.size(); ++i) {
        data[i] = static_cast<std::uint8_t>(i * 7 + i / 1000);
    }
    const auto key = make_object_key();
    REQUIRE(put(*folder.store, key, data).has_value());
    CHECK(run_coro(folder.store->read(key, 0, 1 << 20)).value() == Bytes(data.begin(), data.begin() + (1 << 20)));
    CHECK(run_coro(folder.store->read(key, 2'999'990, 10)).value() == Bytes(data.end() - 10, data.end()));
    CHECK(run_coro(folder.store->read(key, 2'999'990, 11)).error().code == ErrorCode::internal);
    CHECK(run_coro(folder.store->read(key, 0, (1 << 20) + 1)).has_error());
    const auto again = folder.open();
    CHECK(run_coro(again->read(key, 5, 1)).value() == Bytes{data[5]});
}

TEST_CASE("An object lies below two folders, for its owner alone", "[storage]") {
    Folder folder;
    REQUIRE(put(*folder.store, "abcdef0123", Bytes{1, 2, 3}).has_value());
    const auto files = folder.files();
    REQUIRE(files.size() == 1);
    CHECK(files[0] == folder.path / "objects" / "ab" / "cd" / "abcdef0123");
    struct stat facts {};
    REQUIRE(::stat(files[0].c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0600U);
    REQUIRE(::stat(files[0].parent_path().c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0700U);
}

TEST_CASE("Of an object that is not finished nothing stays", "[storage]") {
    Folder folder;
    CHECK(run_coro(put(*folder.store, "abcdef0123", Bytes{1, 2, 3}, 4)).error().code == ErrorCode::internal);
    boost::asio::io_context context;
    boost::asio::co_spawn(
        context.get_executor(),
        [&]() -> Awaitable<void> {
            const auto writer = co_await folder.store->create("abcdef0124", 3, "");
            REQUIRE(writer.has_value());
            const Bytes data = {1, 2, 3};
            co_await (*writer)->write(data);
        },
        [](std::exception_ptr) {}
    );
    context.run();
    folder.store.reset(); // carries out what was queued
    CHECK(folder.files().empty());
}

TEST_CASE("An object that was removed is gone, and removing it again is no error", "[storage]") {
    Folder folder;
    REQUIRE(put(*folder.store, "abcdef0123", Bytes{1}).has_value());
    CHECK(run_coro(folder.store->remove("abcdef0123")).has_value());
    CHECK(run_coro(folder.store->remove("abcdef0123")).has_value());
    CHECK(run_coro(folder.store->read("abcdef0123", 0, 1)).error().code == ErrorCode::not_found);
}

TEST_CASE("Keys that are no keys reach no file", "[storage]") {
    Folder folder;
    for (const char* key : {"", "abc", "../../../../etc/passwd", "ABCDEF0123", "abcdef01/23", "abcdef012g"}) {
        CAPTURE(key);
        CHECK(put(*folder.store, key, Bytes{1}).error().code == ErrorCode::internal);
        CHECK(run_coro(folder.store->read(key, 0, 1)).error().code == ErrorCode::internal);
        CHECK(run_coro(folder.store->remove(key)).error().code == ErrorCode::internal);
    }
    REQUIRE(put(*folder.store, "abcdef0123", Bytes{1}).has_value());
    std::ofstream(folder.path / "secret") << "secret";
    const auto link = folder.path / "objects" / "ab" / "cd" / "abcdef0199";
    std::filesystem::create_symlink(folder.path / "secret", link);
    CHECK(run_coro(folder.store->read("abcdef0199", 0, 1)).has_error());
}

TEST_CASE("What a crash left behind is cleared after a day and not before", "[storage]") {
    Folder folder;
    const auto temporary = folder.path / "objects" / "tmp";
    std::ofstream(temporary / "old") << "x";
    std::ofstream(temporary / "new") << "x";
    const auto now = std::filesystem::file_time_type::clock::now();
    std::filesystem::last_write_time(temporary / "old", now - std::chrono::hours(25));
    std::filesystem::last_write_time(temporary / "new", now - std::chrono::hours(23));
    const auto again = folder.open();
    CHECK_FALSE(std::filesystem::exists(temporary / "old"));
    CHECK(std::filesystem::exists(temporary / "new"));
}

TEST_CASE("A store that cannot write says so", "[storage]") {
    Folder folder;
    CHECK(run_coro(folder.store->ping()).has_value());
    std::filesystem::remove_all(folder.path / "objects");
    CHECK(run_coro(folder.store->ping()).error().code == ErrorCode::unavailable);
    CHECK(put(*folder.store, "abcdef0123", Bytes{1}).error().code == ErrorCode::unavailable);
}

TEST_CASE("A write that the file system refuses is unavailable and leaves nothing", "[storage]") {
    Folder folder;
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit little = before;
    little.rlim_cur = 1000;
    std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &little) == 0);
    const auto result = put(*folder.store, "abcdef0123", Bytes(5000));
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    REQUIRE(result.has_error());
    CHECK(result.error().code == ErrorCode::unavailable);
    CHECK(result.error().retry_after == 1);
    folder.store.reset();
    CHECK(folder.files().empty());
}

TEST_CASE("Only absolute file URLs name a store", "[storage]") {
    for (const char* url :
         {"", "file://", "file:///", "file://relative", "/tmp/x", "http://x/", "file:///tmp/%zz", "file:///tmp/%00"}) {
        CAPTURE(url);
        CHECK(objects::make_payload_store(url).error().code == ErrorCode::malformed_request);
    }
    CHECK_THAT(objects::make_payload_store("s3://bucket/p").error().cause, Catch::Matchers::Contains("s3://"));
    Folder folder;
    CHECK(objects::make_payload_store("file://" + folder.path.string() + "/with%20space").has_value());
    CHECK(std::filesystem::exists(folder.path / "with space" / "tmp"));
}

TEST_CASE("Keys are random lower-case hex", "[storage]") {
    std::set<std::string> keys;
    for (int i = 0; i < 100; ++i) {
        const auto key = make_object_key();
        CHECK(key.size() == 48);
        CHECK(key.find_first_not_of("0123456789abcdef") == std::string::npos);
        keys.insert(key);
    }
    CHECK(keys.size() == 100);
}
