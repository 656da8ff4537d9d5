#include "tests/unit/storage/object_suite.hpp"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace relay::test {

using namespace storage;
using protocol::Bytes;
using protocol::BytesView;
using protocol::ErrorCode;
using protocol::Result;

namespace {

Awaitable<Result<void>>
write_object(PayloadStore& store, std::string key, Bytes data, std::int64_t size, std::string digest) {
    auto writer = co_await store.create(key, size, digest);
    if (!writer) {
        co_return writer.error();
    }
    // Pieces as a connection brings them, and ever larger ones.
    std::size_t most = 16384;
    for (std::size_t at = 0; at < data.size(); at += std::exchange(most, most * 2)) {
        const auto piece = BytesView(data).subspan(at, std::min(most, data.size() - at));
        const auto written = co_await (*writer)->write(piece);
        if (!written) {
            co_return written;
        }
    }
    const auto finished = co_await (*writer)->finish();
    co_return finished;
}

Awaitable<Result<Bytes>> read_pieces(PayloadStore& store, std::string key, std::int64_t offset, std::int64_t length) {
    auto reader = store.open(key, offset, length);
    Bytes all;
    while (true) {
        const auto piece = co_await reader->next();
        if (!piece) {
            co_return piece.error();
        }
        if (piece->empty()) {
            co_return all;
        }
        if (piece->size() > 1024 * 1024) {
            co_return protocol::errors::internal("a piece of more than 1 MiB");
        }
        all.insert(all.end(), piece->begin(), piece->end());
    }
}

std::vector<std::string> all_keys(PayloadStore& store, int limit) {
    std::vector<std::string> keys;
    std::string after;
    for (int page = 0; page < 1000; ++page) {
        const auto listed = run_coro(store.list(after, limit));
        REQUIRE(listed.has_value());
        CHECK(listed->objects.size() <= static_cast<std::size_t>(limit));
        for (const auto& object : listed->objects) {
            keys.push_back(object.key);
        }
        if (!listed->next) {
            return keys;
        }
        after = *listed->next;
    }
    FAIL("the list has no end");
    return keys;
}

} // namespace

Bytes make_bytes(std::size_t size, std::uint8_t seed) {
    Bytes data(size);
    for (std::size_t i = 0; i < data.size(); ++i) {
        data[i] = static_cast<std::uint8_t>(i * seed + i / 1000);
    }
    return data;
}

Result<void> put_object(PayloadStore& store, const std::string& key, const Bytes& data, std::string digest) {
    if (digest.empty()) {
        digest = protocol::Digest::of(data).hex();
    }
    return run_coro(write_object(store, key, data, static_cast<std::int64_t>(data.size()), std::move(digest)));
}

Result<void> put_announced(PayloadStore& store, const std::string& key, const Bytes& data, std::int64_t size) {
    return run_coro(write_object(store, key, data, size, protocol::Digest::of(data).hex()));
}

Result<Bytes> read_range(PayloadStore& store, const std::string& key, std::int64_t offset, std::int64_t length) {
    return run_coro(read_pieces(store, key, offset, length));
}

void check_reading_and_writing(PayloadStore& store) {
    const auto data = make_bytes(3'000'001);
    const auto size = static_cast<std::int64_t>(data.size());
    const auto key = make_object_key();
    CHECK(run_coro(store.exists(key)).value() == false);
    REQUIRE(put_object(store, key, data).has_value());
    CHECK(run_coro(store.exists(key)).value() == true);
    CHECK(read_range(store, key, 0, size).value() == data);
    CHECK(read_range(store, key, 0, 1).value() == Bytes{data[0]});
    CHECK(
        read_range(store, key, 1'000'000, 700'000).value() == Bytes(data.begin() + 1'000'000, data.begin() + 1'700'000)
    );
    CHECK(read_range(store, key, size - 10, 10).value() == Bytes(data.end() - 10, data.end()));
    CHECK(read_range(store, key, 5, 0).value().empty());
    CHECK(read_range(store, key, size - 10, 11).error().code == ErrorCode::internal);
    CHECK(read_range(store, key, size + 10, 1).error().code == ErrorCode::internal);
    const auto tiny = make_object_key();
    REQUIRE(put_object(store, tiny, Bytes{42}).has_value());
    CHECK(read_range(store, tiny, 0, 1).value() == Bytes{42});
    CHECK(run_coro(store.ping()).has_value());
}

void check_unfinished_objects(PayloadStore& store) {
    const auto data = make_bytes(2'000'000);
    const auto size = static_cast<std::int64_t>(data.size());
    const auto key = make_object_key();
    CHECK(put_announced(store, key, data, size + 1).error().code == ErrorCode::internal);
    CHECK(run_coro(store.exists(key)).value() == false);
    CHECK(put_announced(store, key, data, size - 1).has_error());
    CHECK(run_coro(store.exists(key)).value() == false);
}

void check_removal(PayloadStore& store) {
    const auto key = make_object_key();
    REQUIRE(put_object(store, key, make_bytes(1000)).has_value());
    CHECK(run_coro(store.remove(key)).has_value());
    CHECK(run_coro(store.exists(key)).value() == false);
    CHECK(run_coro(store.remove(key)).has_value());
    CHECK(read_range(store, key, 0, 1).error().code == ErrorCode::not_found);
}

void check_listing(PayloadStore& store) {
    std::vector<std::string> keys;
    for (int i = 0; i < 12; ++i) {
        keys.push_back(make_object_key());
        REQUIRE(put_object(store, keys.back(), make_bytes(10)).has_value());
    }
    std::sort(keys.begin(), keys.end());
    for (const int limit : {1, 5, 1000}) {
        const auto listed = all_keys(store, limit);
        CHECK(std::is_sorted(listed.begin(), listed.end()));
        CHECK(std::includes(listed.begin(), listed.end(), keys.begin(), keys.end()));
        CHECK(std::adjacent_find(listed.begin(), listed.end()) == listed.end());
    }
    const auto behind = run_coro(store.list(keys[0], 1)).value();
    REQUIRE(behind.objects.size() == 1);
    CHECK(behind.objects[0].key > keys[0]);
    const auto first = run_coro(store.list("", 1000)).value().objects;
    const auto found = std::find_if(first.begin(), first.end(), [&](const auto& one) { return one.key == keys[0]; });
    REQUIRE(found != first.end());
    CHECK(found->size == 10);
    const auto age = std::chrono::system_clock::now() - found->written_at;
    CHECK(age < std::chrono::minutes(10));
    CHECK(age > -std::chrono::minutes(10));
}

void check_keys(PayloadStore& store) {
    for (const char* key : {"", "abc", "../../../../etc/passwd", "ABCDEF0123", "abcdef01/23", "abcdef012g"}) {
        CAPTURE(key);
        CHECK(put_object(store, key, Bytes{1}).error().code == ErrorCode::internal);
        CHECK(read_range(store, key, 0, 1).error().code == ErrorCode::internal);
        CHECK(run_coro(store.remove(key)).error().code == ErrorCode::internal);
        CHECK(run_coro(store.exists(key)).error().code == ErrorCode::internal);
    }
}

void check_many_at_once(PayloadStore& store, int count) {
    const auto data = make_bytes(700'000);
    const auto size = static_cast<std::int64_t>(data.size());
    const auto digest = protocol::Digest::of(data).hex();
    boost::asio::io_context context;
    int good = 0;
    for (int i = 0; i < count; ++i) {
        auto whole_way = [&]() -> Awaitable<void> {
            const auto key = make_object_key();
            const auto written = co_await write_object(store, key, data, size, digest);
            if (!written) {
                UNSCOPED_INFO(written.error().cause);
                co_return;
            }
            const auto read = co_await read_pieces(store, key, 0, size);
            const auto removed = co_await store.remove(key);
            good += read && *read == data && removed ? 1 : 0;
        };
        boost::asio::co_spawn(context.get_executor(), whole_way, [](const std::exception_ptr&) {});
    }
    context.run_for(std::chrono::seconds(100));
    CHECK(good == count);
}

} // namespace relay::test
