// The registry's refresh loop: one coroutine on one io_context reads, everybody else waits for it.
#include "server/accounts/registry.hpp"

#include "server/ops/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <utility>

namespace relay::server::accounts {

namespace asio = boost::asio;

Registry::Registry(storage::AccountStore& store, asio::io_context& io, std::size_t max_sessions)
    : store_(store),
      io_(io),
      sessions_(max_sessions),
      read_began_(0),
      timer_(io) {
}

Registry::~Registry() = default;

void Registry::start() {
    asio::co_spawn(io_, run(), [](const std::exception_ptr& failure) {
        if (failure) {
            ops::log(ops::Level::error, "registry_loop_ended");
        }
    });
}

void Registry::stop() {
    asio::post(io_, [this] {
        stopping_ = true;
        timer_.cancel();
        serve(std::exchange(waiters_, {}), protocol::errors::unavailable("the server is stopping"));
    });
}

void Registry::poke() {
    asio::post(io_, [this] {
        poked_ = true;
        timer_.cancel();
    });
}

void Registry::on_change(std::function<void(std::vector<OfficeNumber>)> hook) {
    hooks_.push_back(std::move(hook));
}

Awaitable<Result<void>> Registry::refresh_on_miss() {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>&, void(Result<void>)>(
        [this](auto handler) {
            auto work = asio::make_work_guard(asio::get_associated_executor(handler));
            // Waiters are copyable functions, completion handlers are not.
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            wait([shared, work](const Result<void>& outcome) {
                asio::post(work.get_executor(), [shared, outcome] { (*shared)(outcome); });
            });
        },
        use_relay_awaitable
    );
}

void Registry::wait(Waiter waiter) {
    asio::post(io_, [this, waiter = std::move(waiter)] {
        if (stopping_) {
            waiter(protocol::errors::unavailable("the server is stopping"));
            return;
        }
        waiters_.push_back(waiter);
        timer_.cancel();
    });
}

void Registry::serve(std::vector<Waiter> waiters, const Result<void>& outcome) {
    for (const auto& waiter : waiters) {
        waiter(outcome);
    }
}

Awaitable<void> Registry::run() {
    bool failing = false;
    for (;;) {
        co_await wait_for_turn();
        if (stopping_) {
            co_return;
        }
        auto served = std::exchange(waiters_, {});
        poked_ = false;
        last_start_ = Clock::now();
        const Result<void> outcome = co_await refresh_guarded();
        if (outcome) {
            read_began_.store(last_start_.time_since_epoch().count());
        } else if (!failing) {
            ops::log(ops::Level::warn, "registry_unreadable", {{"cause", outcome.error().cause}});
        }
        failing = !outcome;
        if (outcome) {
            serve(std::move(served), outcome);
        } else {
            serve(std::move(served), protocol::errors::unavailable("the registry could not be read"));
        }
    }
}

Awaitable<void> Registry::wait_for_turn() {
    for (;;) {
        const auto now = Clock::now();
        auto due = last_start_ + refresh_every;
        if (!waiters_.empty()) {
            due = last_start_ + pause_between_misses;
        }
        if (stopping_ || poked_ || due <= now) {
            co_return;
        }
        timer_.expires_at(due);
        co_await timer_.async_wait(asio::as_tuple(use_relay_awaitable));
    }
}

Awaitable<Result<void>> Registry::refresh_guarded() {
    Result<void> outcome;
    try {
        outcome = co_await refresh();
    } catch (const std::exception& failure) {
        outcome = protocol::errors::internal(failure.what());
    }
    co_return outcome;
}

Awaitable<Result<void>> Registry::refresh() {
    const auto current = co_await store_.registry_version();
    if (!current) {
        co_return current.error();
    }
    const std::int64_t known = version();
    if (*current == known) {
        co_return Result<void>();
    }
    // A version that fell: the database was restored from a backup, so nothing that is known counts any more.
    const bool from_scratch = known < 0 || *current < known;
    const auto delta = co_await store_.changes_since(from_scratch ? -1 : known);
    if (!delta) {
        co_return delta.error();
    }
    auto affected = from_scratch ? all_offices() : std::vector<OfficeNumber>(); // whoever may be parked
    apply(*delta, from_scratch);
    if (!from_scratch) {
        affected = affected_offices(*delta);
    }
    if (!affected.empty()) {
        for (const auto& hook : hooks_) {
            hook(affected);
        }
    }
    co_return Result<void>();
}

} // namespace relay::server::accounts
