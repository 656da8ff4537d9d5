#include "server/http/memory_budget.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <utility>

namespace relay::server::http {

namespace {

using Clock = std::chrono::steady_clock;
using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor>;

constexpr auto most_wait = std::chrono::seconds(5);
// Bodies of other threads give room back without a signal; who waits looks again this often.
constexpr auto look_again = std::chrono::milliseconds(25);

} // namespace

MemoryBudget::Grant::Grant(Grant&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {
}

MemoryBudget::Grant& MemoryBudget::Grant::operator=(Grant&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

MemoryBudget::Grant::~Grant() {
    if (budget_ != nullptr) {
        budget_->used_.fetch_sub(bytes_, std::memory_order_relaxed);
    }
}

bool MemoryBudget::try_take(std::int64_t bytes) noexcept {
    std::int64_t now = used_.load(std::memory_order_relaxed);
    while (bytes <= limit_ - now) {
        if (used_.compare_exchange_weak(now, now + bytes, std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

Awaitable<protocol::Result<MemoryBudget::Grant>> MemoryBudget::take(std::int64_t bytes) {
    if (try_take(bytes)) {
        co_return Grant(this, bytes);
    }
    const auto until = Clock::now() + most_wait;
    Timer timer(co_await boost::asio::this_coro::executor);
    while (bytes <= limit_ && Clock::now() < until) {
        timer.expires_after(look_again);
        boost::system::error_code failure;
        co_await timer.async_wait(boost::asio::redirect_error(use_relay_awaitable, failure));
        if (try_take(bytes)) {
            co_return Grant(this, bytes);
        }
    }
    co_return protocol::errors::unavailable("limits.memory is used up", 5);
}

} // namespace relay::server::http
