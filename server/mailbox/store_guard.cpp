#include "server/mailbox/store_guard.hpp"

#include "protocol/digest.hpp"

#include <string_view>
#include <utility>

namespace relay::server::mailbox {

using protocol::Error;
using protocol::ErrorCode;
using protocol::Result;

namespace {

constexpr std::size_t id_length = 48;
/// Of the database's objects, looked for in a store without an ID.
constexpr int objects_looked_for = 20;

Error not_ours(std::string_view why) {
    return protocol::errors::internal(
        "objects.url names a store that is not this relay's: " + std::string(why) +
        ". Is its file system mounted, is it the right bucket? If it is to be this relay's from now "
        "on: relayctl objects adopt"
    );
}

} // namespace

Awaitable<Result<void>> StoreGuard::check() {
    auto compared = co_await compare();
    if (compared) {
        ours_ = true;
        foreign_ = false;
    } else if (compared.error().code != ErrorCode::unavailable) {
        ours_ = false;
        foreign_ = true;
    }
    co_return compared;
}

Awaitable<Result<void>> StoreGuard::compare() {
    const auto known = co_await index_.store_id(storage::make_object_key());
    if (!known) {
        co_return protocol::errors::unavailable(known.error().cause);
    }
    const auto there = co_await read_mark();
    if (!there) {
        co_return there.error();
    }
    if (*there && **there == known->id && known->marked) {
        co_return Result<void>();
    }
    if (known->marked) {
        co_return not_ours(*there ? "it bears the ID of another one" : "it does not bear this relay's ID any more");
    }
    if (*there && **there == known->id) {
        auto noted = co_await note(known->id);
        co_return noted;
    }
    const auto held = co_await holds_objects_of_ours();
    if (!held) {
        co_return held.error();
    }
    if (*held && !**held) {
        co_return not_ours("no payload that the database knows is in it");
    }
    if (*there && !*held) {
        co_return not_ours("it bears the ID of another one, and this database is new");
    }
    auto marked = co_await mark(there->value_or(known->id));
    co_return marked;
}

/// Nothing: the database knows of no object. False: none of those looked for is there.
Awaitable<Result<std::optional<bool>>> StoreGuard::holds_objects_of_ours() {
    const auto rows = co_await index_.rows(std::string(), objects_looked_for);
    if (!rows) {
        co_return protocol::errors::unavailable(rows.error().cause);
    }
    if (rows->empty()) {
        co_return std::optional<bool>();
    }
    for (const auto& row : *rows) {
        const auto there = co_await store_->exists(row.key);
        if (!there) {
            co_return there.error();
        }
        if (*there) {
            co_return std::optional<bool>(true);
        }
    }
    co_return std::optional<bool>(false);
}

Awaitable<Result<std::optional<std::string>>> StoreGuard::read_mark() {
    const auto reader = store_->open(store_mark_key, 0, id_length);
    const auto piece = co_await reader->next();
    if (piece) {
        co_return std::optional(std::string(protocol::as_text(*piece)));
    }
    if (piece.error().code == ErrorCode::not_found) {
        co_return std::optional<std::string>();
    }
    if (piece.error().code == ErrorCode::internal) {
        co_return std::optional<std::string>(std::in_place); // too short: nobody's
    }
    co_return piece.error();
}

Awaitable<Result<void>> StoreGuard::mark(std::string id) {
    auto written = co_await write_mark(id);
    if (!written) {
        co_return written;
    }
    auto noted = co_await note(std::move(id));
    co_return noted;
}

Awaitable<Result<void>> StoreGuard::note(std::string id) {
    const auto noted = co_await index_.store_marked(std::move(id));
    co_return noted ? Result<void>() : Result<void>(protocol::errors::unavailable(noted.error().cause));
}

Awaitable<Result<void>> StoreGuard::write_mark(std::string id) {
    const auto size = static_cast<std::int64_t>(id.size());
    const auto digest = protocol::Digest::of(protocol::as_bytes(id)).hex();
    auto writer = co_await store_->create(store_mark_key, size, digest);
    if (!writer) {
        co_return writer.error();
    }
    auto written = co_await (*writer)->write(protocol::as_bytes(id));
    if (!written) {
        co_return written;
    }
    auto finished = co_await (*writer)->finish();
    co_return finished;
}

Awaitable<Result<void>> StoreGuard::adopt() {
    const auto known = co_await index_.store_id(storage::make_object_key());
    if (!known) {
        co_return known.error();
    }
    auto marked = co_await mark(known->id);
    co_return marked;
}

Awaitable<Result<void>> StoreGuard::ensure_ours() {
    if (ours_) {
        co_return Result<void>();
    }
    const auto checked = co_await check();
    co_return checked ? Result<void>() : Result<void>(protocol::errors::unavailable(checked.error().cause, 5));
}

Awaitable<Result<std::unique_ptr<storage::ObjectWriter>>>
StoreGuard::create(std::string key, std::int64_t size, std::string sha256_hex) {
    const auto ours = co_await ensure_ours();
    if (!ours) {
        co_return ours.error();
    }
    auto created = co_await store_->create(std::move(key), size, std::move(sha256_hex));
    co_return created;
}

std::unique_ptr<storage::ObjectReader> StoreGuard::open(std::string key, std::int64_t offset, std::int64_t length) {
    return store_->open(std::move(key), offset, length);
}

Awaitable<Result<void>> StoreGuard::remove(std::string key) {
    const auto ours = co_await ensure_ours();
    if (!ours) {
        co_return ours.error();
    }
    auto removed = co_await store_->remove(std::move(key));
    co_return removed;
}

Awaitable<Result<bool>> StoreGuard::exists(std::string key) {
    return store_->exists(std::move(key));
}

Awaitable<Result<storage::ObjectPage>> StoreGuard::list(std::string after, int limit) {
    return store_->list(std::move(after), limit);
}

Awaitable<Result<void>> StoreGuard::ping() {
    auto pong = co_await store_->ping();
    if (!pong) {
        co_return pong;
    }
    auto checked = co_await check();
    co_return checked;
}

} // namespace relay::server::mailbox
