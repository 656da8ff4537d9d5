// Against a real Ceph RGW on loopback, which tests/support/rgw starts.
#include "storage/objects/s3_objects.hpp"
#include "tests/support/object_gateway.hpp"
#include "tests/unit/storage/object_suite.hpp"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include <csignal>

using namespace relay;
using namespace relay::storage;
using protocol::Bytes;
using protocol::ErrorCode;
using test::gateway;
using test::put_object;
using test::read_range;
using test::run_coro;

namespace {

std::unique_ptr<PayloadStore> open_store(const std::string& url, const objects::StoreOptions& options) {
    auto opened = objects::make_payload_store(url, options);
    REQUIRE(opened.has_value());
    return std::move(*opened);
}

std::unique_ptr<PayloadStore> open_store(const std::string& prefix, const std::string& more = {}) {
    return open_store(gateway().url(prefix, more), gateway().options());
}

/// Breaks the store for as long as it lives.
class Frozen final {
public:
    explicit Frozen(const char* daemon) : daemon_(daemon) { gateway().signal(daemon_, SIGSTOP); }
    ~Frozen() { gateway().signal(daemon_, SIGCONT); }
    Frozen(const Frozen&) = delete;
    Frozen& operator=(const Frozen&) = delete;

private:
    const char* daemon_;
};

} // namespace

TEST_CASE("An S3 bucket is a payload store: reading, writing, removing, listing", "[storage]") {
    const auto store = open_store("suite/a");
    test::check_reading_and_writing(*store);
    test::check_unfinished_objects(*store);
    test::check_removal(*store);
    test::check_listing(*store);
    test::check_keys(*store);
    test::check_many_at_once(*store, 20);
}

TEST_CASE("The bucket may stand in the host's name, and the line may be TLS with a CA of one's own", "[storage]") {
    const auto key = make_object_key();
    const auto virtual_host = open_store("forms", "&style=virtual");
    REQUIRE(put_object(*virtual_host, key, Bytes{1, 2, 3}).has_value());
    auto options = gateway().options();
    options.ca_file = gateway().ca_file();
    const auto tls = open_store(gateway().tls_url("forms"), options);
    CHECK(read_range(*tls, key, 0, 3).value() == Bytes{1, 2, 3});
    REQUIRE(put_object(*tls, make_object_key(), test::make_bytes(2'000'000)).has_value());
    options.ca_file = "/etc/ssl/certs/ca-certificates.crt";
    const auto stranger = open_store(gateway().tls_url("forms"), options);
    CHECK(read_range(*stranger, key, 0, 3).error().code == ErrorCode::unavailable);
}

TEST_CASE("Two prefixes of one bucket do not see each other", "[storage]") {
    const auto one = open_store("one");
    const auto other = open_store("other");
    const auto key = make_object_key();
    REQUIRE(put_object(*one, key, Bytes{1}).has_value());
    CHECK_FALSE(run_coro(other->exists(key)).value());
    CHECK(run_coro(other->list("", 10)).value().objects.empty());
}

TEST_CASE("The store refuses bytes that are not those of the digest, and keeps nothing", "[storage]") {
    const auto store = open_store("digest");
    const auto key = make_object_key();
    const auto other = protocol::Digest::of(Bytes{9}).hex();
    const auto refused = put_object(*store, key, test::make_bytes(100'000), other);
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == ErrorCode::unavailable);
    CHECK_THAT(refused.error().cause, Catch::Matchers::Contains("XAmzContentSHA256Mismatch"));
    CHECK_FALSE(run_coro(store->exists(key)).value());
    CHECK(run_coro(store->ping()).has_value());
}

TEST_CASE("A store that refuses our keys or has no such bucket is unavailable, never forbidden or empty", "[storage]") {
    auto options = gateway().options();
    options.secret_key = "wrong";
    const auto stranger = open_store(gateway().url("keys"), options);
    const auto refused = put_object(*stranger, make_object_key(), test::make_bytes(2'000'000));
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == ErrorCode::unavailable);
    CHECK_THAT(refused.error().cause, Catch::Matchers::Contains("403"));
    CHECK(run_coro(stranger->ping()).error().code == ErrorCode::unavailable);
    const auto nowhere = open_store(gateway().url_of_bucket("no-such-bucket"), gateway().options());
    const auto key = make_object_key();
    CHECK(read_range(*nowhere, key, 0, 1).error().code == ErrorCode::unavailable);
    CHECK(run_coro(nowhere->exists(key)).error().code == ErrorCode::unavailable);
    CHECK(run_coro(nowhere->list("", 10)).error().code == ErrorCode::unavailable);
    CHECK(put_object(*nowhere, key, Bytes{1}).error().code == ErrorCode::unavailable);
    for (const auto& error : {refused.error(), read_range(*nowhere, key, 0, 1).error()}) {
        CHECK(error.cause.find(options.access_key) == std::string::npos);
    }
}

TEST_CASE("Nobody listens: unavailable, soon", "[storage]") {
    const auto store = open_store("s3://bucket/p?endpoint=http://localhost:1", gateway().options());
    CHECK(put_object(*store, make_object_key(), test::make_bytes(2'000'000)).error().code == ErrorCode::unavailable);
    CHECK(read_range(*store, make_object_key(), 0, 1).error().code == ErrorCode::unavailable);
    CHECK(run_coro(store->ping()).error().code == ErrorCode::unavailable);
}

TEST_CASE("A store that hangs holds nobody longer than its deadline, and works again when it goes on", "[storage]") {
    auto options = gateway().options();
    options.timeout = std::chrono::seconds(1);
    const auto store = open_store(gateway().url("hang"), options);
    const auto key = make_object_key();
    REQUIRE(put_object(*open_store("hang"), key, Bytes{1}).has_value());
    const auto lost = make_object_key();
    for (const char* daemon : {"osd.0", "client.rgw"}) {
        CAPTURE(daemon);
        const Frozen frozen(daemon);
        CHECK(put_object(*store, lost, test::make_bytes(3'000'000)).error().code == ErrorCode::unavailable);
        CHECK(read_range(*store, key, 0, 1).error().code == ErrorCode::unavailable);
        CHECK(run_coro(store->ping()).error().code == ErrorCode::unavailable);
    }
    CHECK(read_range(*open_store("hang"), key, 0, 1).value() == Bytes{1});
    CHECK(put_object(*open_store("hang"), make_object_key(), test::make_bytes(3'000'000)).has_value());
}

namespace {

/// Uploads that brought so many bytes, and bring nothing more.
std::vector<std::unique_ptr<ObjectWriter>> begin_uploads(PayloadStore& store, int count, std::size_t brought) {
    const auto data = test::make_bytes(brought);
    std::vector<std::unique_ptr<ObjectWriter>> silent;
    boost::asio::io_context context;
    auto begin = [&]() -> Awaitable<void> {
        for (int i = 0; i < count; ++i) {
            auto writer = co_await store.create(make_object_key(), 1'000'000, std::string(64, '0'));
            const auto written = co_await (*writer)->write(data);
            CHECK(written.has_value());
            silent.push_back(std::move(*writer));
        }
    };
    boost::asio::co_spawn(context.get_executor(), begin, [](const std::exception_ptr&) {});
    context.run();
    return silent;
}

} // namespace

TEST_CASE("More uploads than places wait for one, and are told when none comes", "[storage]") {
    auto options = gateway().options();
    options.connections = 4;
    const auto store = open_store(gateway().url("places"), options);
    test::check_many_at_once(*store, 12);
    auto silent = begin_uploads(*store, 4, 200'000);
    REQUIRE(silent.size() == 4);
    CHECK(put_object(*store, make_object_key(), test::make_bytes(1000)).error().code == ErrorCode::unavailable);
    CHECK(run_coro(store->ping()).has_value()); // the store itself has failed nobody
    silent.clear();
    CHECK(put_object(*store, make_object_key(), test::make_bytes(1000)).has_value());
}

TEST_CASE("Uploads whose first bytes are not there keep no place from others", "[storage]") {
    auto options = gateway().options();
    options.connections = 4;
    const auto store = open_store(gateway().url("silent"), options);
    const auto silent = begin_uploads(*store, 8, 1000);
    REQUIRE(silent.size() == 8);
    CHECK(put_object(*store, make_object_key(), test::make_bytes(1'000'000)).has_value());
    test::check_many_at_once(*store, 12);
}

TEST_CASE("A store that is being stopped ends what waits for it", "[storage]") {
    const auto store = open_store("stop");
    store->stop();
    CHECK(put_object(*store, make_object_key(), Bytes{1}).error().code == ErrorCode::unavailable);
    CHECK(run_coro(store->ping()).error().code == ErrorCode::unavailable);
}
