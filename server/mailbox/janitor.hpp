// What happens by itself: lapses, expiry, drops of unfinished uploads, destruction of payloads. Every replica runs one.
#pragma once

#include "protocol/time.hpp"
#include "storage/awaitable.hpp"
#include "storage/bundle_store.hpp"
#include "storage/payload_store.hpp"

#include <atomic>
#include <chrono>

namespace relay::server::mailbox {

class Janitor {
public:
    Janitor(storage::BundleStore& bundles, storage::PayloadStore& payloads, protocol::Duration unfinished_upload)
        : bundles_(bundles),
          payloads_(payloads),
          unfinished_upload_(unfinished_upload) {}

    /// Runs until stop(); a failing round is logged and tried again. Spawn it once, on one io_context.
    [[nodiscard]] Awaitable<void> run();
    /// Thread-safe; the loop ends within a round.
    void stop() noexcept { stopping_.store(true); }

private:
    Awaitable<void> settle();
    Awaitable<void> remove_objects();

    storage::BundleStore& bundles_;
    storage::PayloadStore& payloads_;
    protocol::Duration unfinished_upload_;
    std::atomic<bool> stopping_{false};
};

} // namespace relay::server::mailbox
