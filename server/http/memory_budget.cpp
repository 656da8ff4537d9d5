#include "server/http/memory_budget.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace relay::server::http {

namespace {

using Clock = std::chrono::steady_clock;
using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor>;

constexpr auto most_wait = std::chrono::seconds(5);
// Bodies of other threads give room back without a signal; who waits looks again this often.
constexpr auto look_again = std::chrono::milliseconds(25);

/// Any single body fits into a share.
constexpr std::int64_t least_share = 16LL << 20;

} // namespace

MemoryBudget::MemoryBudget(std::int64_t bytes)
    : limit_(bytes),
      share_(std::max(bytes / 8, least_share)),
      left_to_small_(std::clamp<std::int64_t>(bytes - share_, 0, bytes / 16)) {
}

MemoryBudget::Grant::Grant(Grant&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)),
      caller_(std::exchange(other.caller_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {
}

MemoryBudget::Grant& MemoryBudget::Grant::operator=(Grant&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(caller_, other.caller_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

MemoryBudget::Grant::~Grant() {
    if (budget_ != nullptr) {
        budget_->give_back(*caller_, bytes_);
    }
}

bool MemoryBudget::has_room(std::int64_t bytes, std::int64_t of_caller) const noexcept {
    const std::int64_t limit = bytes > small_body ? limit_ - left_to_small_ : limit_;
    return bytes <= limit - used() && bytes <= share_ - of_caller;
}

bool MemoryBudget::try_take(std::int64_t bytes, const std::string& caller, Grant& grant) {
    const std::lock_guard lock(mutex_);
    const auto known = callers_.find(caller);
    if (!has_room(bytes, known == callers_.end() ? 0 : known->second)) {
        return false;
    }
    grant = give(bytes, caller);
    return true;
}

/// With the lock held.
MemoryBudget::Grant MemoryBudget::give(std::int64_t bytes, const std::string& caller) {
    auto& entry = *callers_.try_emplace(caller).first;
    entry.second += bytes;
    used_.fetch_add(bytes, std::memory_order_relaxed);
    return Grant(this, &entry, bytes);
}

void MemoryBudget::give_back(Callers::value_type& caller, std::int64_t bytes) noexcept {
    const std::lock_guard lock(mutex_);
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    caller.second -= bytes;
    if (caller.second == 0) {
        callers_.erase(callers_.find(caller.first));
    }
}

MemoryBudget::Grant MemoryBudget::count(std::int64_t bytes, const std::string& caller) {
    if (bytes <= 0) {
        return {};
    }
    const std::lock_guard lock(mutex_);
    return give(bytes, caller);
}

Awaitable<protocol::Result<MemoryBudget::Grant>> MemoryBudget::take(std::int64_t bytes, std::string caller) {
    Grant grant;
    if (bytes <= 0 || try_take(bytes, caller, grant)) {
        co_return std::move(grant);
    }
    const auto until = Clock::now() + most_wait;
    Timer timer(co_await boost::asio::this_coro::executor);
    while (bytes <= limit_ && Clock::now() < until) {
        timer.expires_after(look_again);
        boost::system::error_code failure;
        co_await timer.async_wait(boost::asio::redirect_error(use_relay_awaitable, failure));
        if (try_take(bytes, caller, grant)) {
            co_return std::move(grant);
        }
    }
    co_return protocol::errors::unavailable("limits.memory is used up", 5);
}

} // namespace relay::server::http
