// The payload store, used only while it is known to be this database's own. A store that is not ours (a shared file
// system that is not mounted, another bucket) would take payloads that nobody finds again, and would call payloads gone
// that are not.
#pragma once

#include "storage/object_index.hpp"
#include "storage/payload_store.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace relay::server::mailbox {

/// The key of the object in which a store bears its ID; no sweep may take it for a payload.
inline constexpr const char* store_mark_key = "00000000000000000000000000000000";

/// Store and database bear one ID. It is given when both are new, or when an object that the database knows is there
/// (an installation from before there were IDs). Nothing is written or removed until then.
class StoreGuard final : public storage::PayloadStore {
public:
    StoreGuard(std::unique_ptr<storage::PayloadStore> store, storage::ObjectIndex& index)
        : store_(std::move(store)),
          index_(index) {}

    /// Looks at the store's ID now. Error: unavailable when store or database do not answer; internal with a clear
    /// cause when the store is not ours, and foreign() is true then.
    [[nodiscard]] Awaitable<protocol::Result<void>> check();
    /// The last answer of the store was that it is not ours.
    [[nodiscard]] bool foreign() const noexcept { return foreign_.load(); }
    /// Makes the store ours, whatever it bears and holds: an operator's decision.
    [[nodiscard]] Awaitable<protocol::Result<void>> adopt();

    Awaitable<protocol::Result<std::unique_ptr<storage::ObjectWriter>>>
    create(std::string key, std::int64_t size, std::string sha256_hex) override;
    std::unique_ptr<storage::ObjectReader> open(std::string key, std::int64_t offset, std::int64_t length) override;
    Awaitable<protocol::Result<void>> remove(std::string key) override;
    Awaitable<protocol::Result<bool>> exists(std::string key) override;
    Awaitable<protocol::Result<storage::ObjectPage>> list(std::string after, int limit) override;
    /// The store's own, then check().
    Awaitable<protocol::Result<void>> ping() override;
    void stop() noexcept override { store_->stop(); }

private:
    [[nodiscard]] Awaitable<protocol::Result<void>> ensure_ours();
    [[nodiscard]] Awaitable<protocol::Result<void>> compare();
    [[nodiscard]] Awaitable<protocol::Result<std::optional<std::string>>> read_mark();
    [[nodiscard]] Awaitable<protocol::Result<void>> write_mark(std::string id);
    [[nodiscard]] Awaitable<protocol::Result<void>> mark(std::string id);
    [[nodiscard]] Awaitable<protocol::Result<void>> note(std::string id);
    [[nodiscard]] Awaitable<protocol::Result<std::optional<bool>>> holds_objects_of_ours();

    std::unique_ptr<storage::PayloadStore> store_;
    storage::ObjectIndex& index_;
    std::atomic<bool> ours_{false};
    std::atomic<bool> foreign_{false};
};

} // namespace relay::server::mailbox
