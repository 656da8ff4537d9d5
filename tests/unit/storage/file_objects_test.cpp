#include "protocol/digest.hpp"
#include "storage/objects/make_payload_store.hpp"
#include "tests/support/run_coro.hpp"
#include "tests/unit/storage/object_suite.hpp"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace relay;
using namespace relay::storage;
using protocol::Bytes;
using protocol::ErrorCode;
using protocol::Result;
using test::put_object;
using test::read_range;
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

} // namespace

TEST_CASE("A folder is a payload store: reading, writing, removing, listing", "[storage]") {
    Folder folder;
    test::check_reading_and_writing(*folder.store);
    test::check_unfinished_objects(*folder.store);
    test::check_removal(*folder.store);
    test::check_listing(*folder.store);
    test::check_keys(*folder.store);
    test::check_many_at_once(*folder.store, 20);
}

TEST_CASE("What was written is there for a store that is opened anew", "[storage]") {
    Folder folder;
    const auto key = make_object_key();
    REQUIRE(put_object(*folder.store, key, Bytes{1, 2, 3}).has_value());
    CHECK(read_range(*folder.open(), key, 1, 1).value() == Bytes{2});
}

TEST_CASE("An object lies below two folders, for its owner alone", "[storage]") {
    Folder folder;
    REQUIRE(put_object(*folder.store, "abcdef0123", Bytes{1, 2, 3}).has_value());
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
    CHECK(test::put_announced(*folder.store, "abcdef0123", Bytes{1, 2, 3}, 4).error().code == ErrorCode::internal);
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

TEST_CASE("A folder that cannot be read is no empty one", "[storage]") {
    Folder folder;
    REQUIRE(put_object(*folder.store, "abcdef0123", Bytes{1}).has_value());
    std::ofstream(folder.path / "objects" / "ac") << "no folder of ours";
    CHECK(run_coro(folder.store->list("", 10)).value().objects.size() == 1);
    std::filesystem::create_directory_symlink("ad", folder.path / "objects" / "ad"); // leads to itself
    CHECK(run_coro(folder.store->list("", 10)).error().code == ErrorCode::unavailable);
}

TEST_CASE("A folder that was taken away is made again", "[storage]") {
    Folder folder;
    REQUIRE(put_object(*folder.store, "abcdef0123", Bytes{1}).has_value());
    std::filesystem::remove_all(folder.path / "objects" / "ab");
    static_cast<void>(put_object(*folder.store, "abcdef0124", Bytes{1})); // may notice it
    REQUIRE(put_object(*folder.store, "abcdef0125", Bytes{1}).has_value());
    CHECK(read_range(*folder.store, "abcdef0125", 0, 1).value() == Bytes{1});
}

TEST_CASE("A link in the store leads nowhere", "[storage]") {
    Folder folder;
    REQUIRE(put_object(*folder.store, "abcdef0123", Bytes{1}).has_value());
    std::ofstream(folder.path / "secret") << "secret";
    const auto link = folder.path / "objects" / "ab" / "cd" / "abcdef0199";
    std::filesystem::create_symlink(folder.path / "secret", link);
    CHECK(read_range(*folder.store, "abcdef0199", 0, 1).has_error());
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
    CHECK(put_object(*folder.store, "abcdef0123", Bytes{1}).error().code == ErrorCode::unavailable);
}

TEST_CASE(
    "A file system that hangs holds nobody longer than the deadline, and works again when it goes on", "[storage]"
) {
    Folder folder;
    REQUIRE(put_object(*folder.store, "abcdef0123", Bytes{1}).has_value());
    // A pipe that nobody writes to hangs whoever opens it.
    const auto pipe = folder.path / "objects" / "ab" / "cd" / "abcdef0199";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    objects::StoreOptions options;
    options.timeout = std::chrono::milliseconds(300);
    options.files.threads = 2;
    const auto store = objects::make_payload_store("file://" + folder.path.string() + "/objects", options).value();
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 2; ++i) {
        CHECK(read_range(*store, "abcdef0199", 0, 1).error().code == ErrorCode::unavailable);
    }
    CHECK(run_coro(store->ping()).error().code == ErrorCode::unavailable);
    CHECK(put_object(*store, "abcdef0124", Bytes{1}).error().code == ErrorCode::unavailable);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
    const int writer = ::open(pipe.c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE(writer >= 0);
    ::close(writer);
    CHECK(run_coro(store->ping()).has_value());
    CHECK(read_range(*store, "abcdef0123", 0, 1).value() == Bytes{1});
    CHECK(put_object(*store, "abcdef0125", Bytes{1}).has_value());
    CHECK(run_coro(store->exists("abcdef0124")).value() == false);
}

TEST_CASE("A store in a file system that hangs can be stopped and closed", "[storage]") {
    Folder folder;
    const auto pipe = folder.path / "objects" / "ab" / "cd" / "abcdef0199";
    std::filesystem::create_directories(pipe.parent_path());
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    std::thread stopper([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        folder.store->stop();
    });
    const auto begin = std::chrono::steady_clock::now();
    CHECK(read_range(*folder.store, "abcdef0199", 0, 1).error().code == ErrorCode::unavailable);
    stopper.join();
    CHECK(run_coro(folder.store->ping()).error().code == ErrorCode::unavailable);
    folder.store.reset();
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(15));
    ::close(::open(pipe.c_str(), O_RDWR | O_CLOEXEC));
}

TEST_CASE("A write that the file system refuses is unavailable and leaves nothing", "[storage]") {
    Folder folder;
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit little = before;
    little.rlim_cur = 1000;
    std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &little) == 0);
    const auto result = put_object(*folder.store, "abcdef0123", Bytes(5000));
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    REQUIRE(result.has_error());
    CHECK(result.error().code == ErrorCode::unavailable);
    CHECK(result.error().retry_after == 1);
    CHECK(run_coro(folder.store->ping()).error().code == ErrorCode::unavailable); // as long as nothing can be written
    REQUIRE(put_object(*folder.store, "abcdef0124", Bytes(5000)).has_value());
    CHECK(run_coro(folder.store->ping()).has_value());
    REQUIRE(run_coro(folder.store->remove("abcdef0124")).has_value());
    folder.store.reset();
    CHECK(folder.files().empty());
}

TEST_CASE("Only absolute file URLs and complete S3 URLs name a store", "[storage]") {
    objects::StoreOptions keys;
    keys.access_key = "access";
    keys.secret_key = "secret";
    for (const char* url :
         {"",
          "file://",
          "file:///",
          "file://relative",
          "/tmp/x",
          "http://x/",
          "file:///tmp/%zz",
          "file:///tmp/%00",
          "s3://bucket/p",
          "s3://?endpoint=http://localhost:1",
          "s3://Bucket/p?endpoint=http://localhost:1",
          "s3://bucket/a//b?endpoint=http://localhost:1",
          "s3://bucket/a%20b?endpoint=http://localhost:1",
          "s3://bucket/p?endpoint=localhost:1",
          "s3://bucket/p?endpoint=ftp://localhost:1",
          "s3://bucket/p?endpoint=http://localhost:1/path",
          "s3://bucket/p?endpoint=http://user@localhost:1",
          "s3://bucket/p?endpoint=http://localhost:1&style=other",
          "s3://bucket/p?endpoint=http://localhost:1&region=a%0db",
          "s3://bucket/p?endpoint=http://localhost:1&unknown=x"}) {
        CAPTURE(url);
        CHECK(objects::make_payload_store(url, keys).error().code == ErrorCode::malformed_request);
    }
    const auto* const good = "s3://bucket/p?endpoint=https%3A%2F%2Flocalhost:1&region=jp-east-1&style=virtual";
    CHECK(objects::make_payload_store(good, keys).has_value());
    CHECK_THAT(objects::make_payload_store(good).error().cause, Catch::Matchers::Contains("objects.secret_key"));
    Folder folder;
    CHECK(objects::make_payload_store("file://" + folder.path.string() + "/with%20space").has_value());
    CHECK(std::filesystem::exists(folder.path / "with space" / "tmp"));
}

TEST_CASE("The bucket stands in the path or in the host, the prefix before the key", "[storage]") {
    auto settings = objects::read_s3_url("s3://bucket/a/b?endpoint=http://host:1/").value();
    CHECK(settings.url_of("key") == "http://host:1/bucket/a/b/key");
    CHECK(settings.url_of("") == "http://host:1/bucket");
    settings.virtual_host = true;
    CHECK(settings.url_of("key") == "http://bucket.host:1/a/b/key");
    CHECK(settings.url_of("") == "http://bucket.host:1/");
    CHECK(objects::read_s3_url("s3://bucket?endpoint=http://host").value().url_of("key") == "http://host/bucket/key");
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
