#include "server/mailbox/object_removal.hpp"

#include "storage/gather.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <utility>

namespace relay::server::mailbox {

namespace {

/// What the deletes of one call share; all of them run on the caller's thread, and end before the call.
struct Shared {
    Shared(storage::PayloadStore& store, std::vector<std::string> all) : payloads(store), keys(std::move(all)) {}

    void note(const std::string& key, const protocol::Result<void>& removed) {
        if (removed) {
            outcome.gone.push_back(key);
            return;
        }
        ++outcome.failed;
        outcome.failure = removed.error();
        silent = silent || removed.error().code == protocol::ErrorCode::unavailable;
    }

    storage::PayloadStore& payloads;
    std::vector<std::string> keys;
    std::size_t next = 0;
    bool silent = false;
    Removal outcome;
};

Awaitable<void> remove_in_turn(Shared& shared) {
    while (shared.next < shared.keys.size() && !shared.silent) {
        const std::string key = shared.keys[shared.next++];
        protocol::Result<void> removed = protocol::errors::internal("a delete threw");
        try {
            removed = co_await shared.payloads.remove(key);
        } catch (const std::exception&) { // told as a failure of this object alone
        }
        shared.note(key, removed);
    }
}

} // namespace

Awaitable<Removal> remove_together(storage::PayloadStore& payloads, std::vector<std::string> keys, int at_once) {
    Shared shared(payloads, std::move(keys));
    const auto count = std::min(shared.keys.size(), static_cast<std::size_t>(std::max(at_once, 1)));
    const std::function<Awaitable<void>(std::size_t)> in_turn = [&](std::size_t) { return remove_in_turn(shared); };
    co_await gather(count, in_turn);
    co_return std::move(shared.outcome);
}

} // namespace relay::server::mailbox
