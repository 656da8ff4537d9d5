#include "server/mailbox/janitor.hpp"

#include "server/mailbox/object_removal.hpp"
#include "server/ops/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace relay::server::mailbox {

namespace {

using std::chrono::milliseconds;

/// Lapses, expiries and drops may take effect at most 5 s late (protocol.md §7.3).
constexpr milliseconds round_pause = std::chrono::seconds(1);
constexpr milliseconds pause_after_failure = std::chrono::seconds(5);
constexpr int objects_a_round = 200;
constexpr int objects_at_once = 8;
constexpr int steps_a_round = 100;
constexpr milliseconds between_session_sweeps = std::chrono::minutes(10);
/// Store and database are compared once a day, first a quarter of an hour after the start.
constexpr milliseconds between_comparisons = std::chrono::hours(24);
constexpr milliseconds before_comparison = std::chrono::minutes(15);
constexpr milliseconds pause_after_failed_page = std::chrono::minutes(1);

/// In short steps, for a janitor that is stopped must not keep a long timer.
Awaitable<void> wait(milliseconds pause, const std::atomic<bool>& stopping) {
    const auto until = std::chrono::steady_clock::now() + pause;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    while (!stopping.load() && std::chrono::steady_clock::now() < until) {
        timer.expires_at(std::min(until, std::chrono::steady_clock::now() + round_pause));
        co_await timer.async_wait(use_relay_awaitable);
    }
}

} // namespace

void Janitor::start(boost::asio::io_context& context) {
    const auto begin = [&](const char* what, Round round) {
        boost::asio::co_spawn(context.get_executor(), repeat(what, round), boost::asio::detached);
    };
    begin("settle", &Janitor::settle);
    begin("remove_objects", &Janitor::remove_objects);
    begin("sweep_sessions", &Janitor::sweep_sessions);
    begin("compare_objects", &Janitor::compare_objects);
}

Awaitable<void> Janitor::repeat(const char* what, Round round) {
    while (!stopping_.load()) {
        milliseconds pause = pause_after_failure;
        try {
            pause = co_await (this->*round)();
        } catch (const std::exception& e) {
            ops::log(ops::Level::error, "task_failed", {{"task", what}, {"cause", e.what()}});
        }
        co_await wait(pause, stopping_);
    }
}

Awaitable<milliseconds> Janitor::settle() {
    for (int step = 0; step < steps_a_round && !stopping_.load(); ++step) {
        const int asked = settle_step_.size();
        const auto settled = co_await parts_.bundles.settle_due(asked);
        if (!settled) {
            settle_step_.failed();
            ops::log(ops::Level::warn, "janitor_settle_failed", {{"cause", settled.error().cause}, {"bundles", asked}});
            break;
        }
        settle_step_.succeeded();
        if (*settled < asked) {
            break;
        }
    }
    co_return round_pause;
}

Awaitable<milliseconds> Janitor::remove_objects() {
    auto keys = co_await parts_.bundles.doomed_objects(unfinished_upload_, objects_a_round);
    if (!keys) {
        ops::log(ops::Level::warn, "janitor_objects_failed", {{"cause", keys.error().cause}});
        co_return pause_after_failure;
    }
    const bool more = keys->size() == static_cast<std::size_t>(objects_a_round);
    auto removal = co_await remove_together(parts_.payloads, std::move(*keys), objects_at_once);
    if (removal.failure) {
        ops::log(
            ops::Level::warn, "object_not_removed", {{"cause", removal.failure->cause}, {"objects", removal.failed}}
        );
    }
    if (!removal.gone.empty()) {
        // A file system that is not mounted any more has none of the objects either.
        const auto ours = co_await parts_.payloads.check();
        if (!ours) {
            ops::log(ops::Level::error, "janitor_forget_failed", {{"cause", ours.error().cause}});
            co_return pause_after_failure;
        }
        const auto forgotten = co_await parts_.bundles.forget_objects(std::move(removal.gone));
        if (!forgotten) {
            ops::log(ops::Level::warn, "janitor_forget_failed", {{"cause", forgotten.error().cause}});
            co_return pause_after_failure;
        }
    }
    if (removal.failure) {
        co_return pause_after_failure;
    }
    co_return more ? milliseconds(0) : round_pause;
}

Awaitable<milliseconds> Janitor::sweep_sessions() {
    const auto swept = co_await parts_.bundles.sweep_old_sessions();
    if (!swept) {
        ops::log(ops::Level::warn, "janitor_sweep_failed", {{"cause", swept.error().cause}});
    }
    co_return between_session_sweeps;
}

/// Only tells: removing what no row knows is an operator's decision.
Awaitable<milliseconds> Janitor::compare_objects() {
    if (!sweep_) {
        sweep_.emplace(parts_.payloads, parts_.index, parts_.clock, SweepWishes());
        co_return before_comparison;
    }
    const auto done = co_await sweep_->step();
    if (!done) {
        ops::log(ops::Level::warn, "objects_not_compared", {{"cause", done.error().cause}});
        co_return pause_after_failed_page;
    }
    if (!*done) {
        co_return round_pause;
    }
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
    sweep_.emplace(parts_.payloads, parts_.index, parts_.clock, SweepWishes());
    co_return between_comparisons;
}

} // namespace relay::server::mailbox
