// What happens by itself: lapses, expiry, drops of unfinished uploads, destruction of payloads, and a look for what
// store and database have lost of each other. Every replica runs one.
#pragma once

#include "protocol/time.hpp"
#include "server/mailbox/object_sweep.hpp"
#include "storage/awaitable.hpp"
#include "storage/bundle_store.hpp"
#include "storage/payload_store.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace relay::server::mailbox {

class Janitor {
public:
    struct Parts {
        storage::BundleStore& bundles;
        storage::PayloadStore& payloads;
        storage::ObjectIndex& index;
        Clock clock;
        std::function<void(const SweepReport&)> on_swept; ///< after each complete comparison of store and database
    };
    Janitor(Parts parts, protocol::Duration unfinished_upload)
        : parts_(std::move(parts)),
          unfinished_upload_(unfinished_upload) {}

    /// Runs until stop(); a failing round is logged and tried again. Spawn it once, on one io_context.
    [[nodiscard]] Awaitable<void> run();
    /// Thread-safe; the loop ends within a round.
    void stop() noexcept { stopping_.store(true); }

private:
    Awaitable<void> settle();
    Awaitable<void> remove_objects();
    Awaitable<void> sweep_sessions();
    Awaitable<void> compare_objects(int round);

    Parts parts_;
    protocol::Duration unfinished_upload_;
    std::optional<ObjectSweep> sweep_; ///< the comparison that runs, a page a round
    std::atomic<bool> stopping_{false};
};

} // namespace relay::server::mailbox
