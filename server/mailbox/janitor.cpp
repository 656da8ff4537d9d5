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
/// Store and database are compared once a day, first a quarter of an hour after the start.
constexpr int rounds_between_comparisons = 24 * 3600;
constexpr int rounds_before_comparison = 15 * 60;

} // namespace

Awaitable<void> Janitor::run() {
    boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor);
    for (int round = 0; !stopping_.load(); ++round) {
        co_await settle();
        co_await remove_objects();
        if (round % rounds_between_sweeps == 0) {
            co_await sweep_sessions();
        }
        co_await compare_objects(round);
        pause.expires_after(round_pause);
        co_await pause.async_wait(use_relay_awaitable);
    }
}

Awaitable<void> Janitor::sweep_sessions() {
    const auto swept = co_await parts_.bundles.sweep_old_sessions();
    if (!swept) {
        ops::log(ops::Level::warn, "janitor_sweep_failed", {{"cause", swept.error().cause}});
    }
}

/// Only tells. Removing is an operator's decision: a store may be shared with a relay whose database is another one.
Awaitable<void> Janitor::compare_objects(int round) {
    if (!sweep_ && round % rounds_between_comparisons == rounds_before_comparison) {
        sweep_.emplace(parts_.payloads, parts_.index, parts_.clock, SweepWishes());
    }
    if (!sweep_) {
        co_return;
    }
    const auto done = co_await sweep_->step();
    if (done && *done) {
        const auto& found = sweep_->report();
        ops::log(
            found.rows_without_object > 0 ? ops::Level::error : ops::Level::info,
            "objects_compared",
            {{"objects", found.objects},
             {"rows", found.rows},
             {"orphaned_objects", found.orphaned_objects},
             {"rows_without_object", found.rows_without_object}}
        );
        parts_.on_swept(found);
        sweep_.reset();
    }
}

Awaitable<void> Janitor::settle() {
    for (int step = 0; step < steps_a_round && !stopping_.load(); ++step) {
        const auto settled = co_await parts_.bundles.settle_due(bundles_a_step);
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
    auto keys = co_await parts_.bundles.doomed_objects(unfinished_upload_, objects_a_step);
    if (!keys) {
        ops::log(ops::Level::warn, "janitor_objects_failed", {{"cause", keys.error().cause}});
        co_return;
    }
    std::vector<std::string> gone;
    for (const auto& key : *keys) {
        const auto removed = co_await parts_.payloads.remove(key);
        if (removed) {
            gone.push_back(key);
        } else {
            ops::log(ops::Level::warn, "object_not_removed", {{"cause", removed.error().cause}});
        }
    }
    if (gone.empty()) {
        co_return;
    }
    const auto forgotten = co_await parts_.bundles.forget_objects(std::move(gone));
    if (!forgotten) {
        ops::log(ops::Level::warn, "janitor_forget_failed", {{"cause", forgotten.error().cause}});
    }
}

} // namespace relay::server::mailbox
