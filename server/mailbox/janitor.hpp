// What happens by itself: lapses, expiry, drops of unfinished uploads, destruction of payloads, and a look for what
// store and database have lost of each other. Every replica runs one.
#pragma once

#include "protocol/time.hpp"
#include "server/mailbox/object_sweep.hpp"
#include "server/mailbox/store_guard.hpp"
#include "storage/awaitable.hpp"
#include "storage/bundle_store.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace relay::server::mailbox {

/// How many bundles are settled in one transaction: fewer after each failure, so that the database's limit of time for
/// a statement cannot stop what is due for ever, and more again after each success.
class SettleStep final {
public:
    static constexpr int most = 500;

    [[nodiscard]] int size() const noexcept { return size_; }
    void failed() noexcept { size_ = std::max(size_ / 2, 1); }
    void succeeded() noexcept { size_ = std::min(size_ * 2, most); }

private:
    int size_ = most;
};

class Janitor {
public:
    struct Parts {
        storage::BundleStore& bundles;
        StoreGuard& payloads;
        storage::ObjectIndex& index;
        Clock clock;
        std::function<void(const SweepReport&)> on_swept; ///< after each complete comparison of store and database
    };
    Janitor(Parts parts, protocol::Duration unfinished_upload)
        : parts_(std::move(parts)),
          unfinished_upload_(unfinished_upload) {}

    /// Settling, deleting and comparing go on beside each other until stop(), so that a store that hangs delays no
    /// lapse. A round that fails is logged and tried again. Once.
    void start(boost::asio::io_context& context);
    /// Thread-safe; each loop ends within a round.
    void stop() noexcept { stopping_.store(true); }

private:
    /// Tells how long to wait before the next one.
    using Round = Awaitable<std::chrono::milliseconds> (Janitor::*)();

    Awaitable<void> repeat(const char* what, Round round);
    Awaitable<std::chrono::milliseconds> settle();
    Awaitable<std::chrono::milliseconds> remove_objects();
    Awaitable<std::chrono::milliseconds> sweep_sessions();
    Awaitable<std::chrono::milliseconds> compare_objects();

    Parts parts_;
    protocol::Duration unfinished_upload_;
    SettleStep settle_step_;
    std::optional<ObjectSweep> sweep_; ///< the comparison that runs, a page a round
    std::atomic<bool> stopping_{false};
};

} // namespace relay::server::mailbox
