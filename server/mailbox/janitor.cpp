#include "server/mailbox/janitor.hpp"

#include "server/ops/log.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace relay::server::mailbox {

namespace {

/// Lapses, expiries and drops may take effect at most 5 s late (protocol.md §7.3).
constexpr auto round_pause = std::chrono::seconds(1);
constexpr int bundles_a_step = 500;
constexpr int objects_a_step = 200;
constexpr int steps_a_round = 100;
constexpr int rounds_between_sweeps = 600;

} // namespace

Awaitable<void> Janitor::run() {
    boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
    for (int round = 0; !stopping_.load(); ++round) {
        co_await settle();
        co_await remove_objects();
        if (round % rounds_between_sweeps == 0) {
            const auto swept = co_await bundles_.sweep_old_sessions();
            if (!swept) {
                ops::log(ops::Level::warn, "janitor_sweep_failed", {{"cause", swept.error().cause}});
            }
        }
        pause.expires_after(round_pause);
        co_await pause.async_wait(use_relay_awaitable);
    }
}

Awaitable<void> Janitor::settle() {
    for (int step = 0; step < steps_a_round && !stopping_.load(); ++step) {
        const auto settled = co_await bundles_.settle_due(bundles_a_step);
        if (!settled) {
            ops::log(ops::Level::warn, "janitor_settle_failed", {{"cause", settled.error().cause}});
            co_return;
        }
        if (*settled < bundles_a_step) {
            co_return;
        }
    }
}

Awaitable<void> Janitor::remove_objects() {
    auto keys = co_await bundles_.doomed_objects(unfinished_upload_, objects_a_step);
    if (!keys) {
        ops::log(ops::Level::warn, "janitor_objects_failed", {{"cause", keys.error().cause}});
        co_return;
    }
    std::vector<std::string> gone;
    for (const auto& key : *keys) {
        const auto removed = co_await payloads_.remove(key);
        if (removed) {
            gone.push_back(key);
        } else {
            ops::log(ops::Level::warn, "object_not_removed", {{"cause", removed.error().cause}});
        }
    }
    if (gone.empty()) {
        co_return;
    }
    const auto forgotten = co_await bundles_.forget_objects(std::move(gone));
    if (!forgotten) {
        ops::log(ops::Level::warn, "janitor_forget_failed", {{"cause", forgotten.error().cause}});
    }
}

} // namespace relay::server::mailbox
