// Work on its way from those who hand it over to the threads that carry it out.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace relay::storage {

/// First in, first out; any thread.
template <class T>
class BoundedQueue final {
public:
    /// `most`: items that wait.
    explicit BoundedQueue(std::size_t most) : most_(most) {}

    /// False: full or closed, and `item` is as it was.
    [[nodiscard]] bool push(T&& item) {
        const std::lock_guard lock(mutex_);
        if (closed_ || items_.size() >= most_) {
            return false;
        }
        add(std::move(item));
        return true;
    }
    /// For what must not be refused: full or closed does not matter.
    void push_always(T item) {
        const std::lock_guard lock(mutex_);
        add(std::move(item));
    }

    /// Waits for an item. Nothing: closed, and every item is taken.
    [[nodiscard]] std::optional<T> take() {
        std::unique_lock lock(mutex_);
        wait(lock);
        if (items_.empty()) {
            return std::nullopt;
        }
        return pop();
    }
    /// Waits for an item, and takes with it those behind it, up to the first that `goes_too` refuses. It is asked about
    /// each in turn. Groups begin at least `apart` from each other, whoever takes them: what comes alone goes at once,
    /// what comes thick goes together, and wakes one thread. Empty: closed, and every item is taken.
    template <class GoesToo>
    [[nodiscard]] std::vector<T> take_group(GoesToo goes_too, std::chrono::microseconds apart = {}) {
        std::unique_lock lock(mutex_);
        wait(lock);
        if (const auto next = began_ + apart; !closed_ && Clock::now() < next) {
            gathering_ = true;
            lock.unlock();
            std::this_thread::sleep_until(next);
            lock.lock();
            gathering_ = false;
        }
        began_ = Clock::now();
        std::vector<T> group;
        while (!items_.empty() && (goes_too(std::as_const(items_.front())) || group.empty())) {
            group.push_back(pop());
        }
        if (!items_.empty()) {
            wake_.notify_one();
        }
        return group;
    }

    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return items_.size();
    }

    /// Refuses items from now on; those that are queued can still be taken.
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        wake_.notify_all();
    }
    /// As close(), but those that are queued go back to the caller.
    [[nodiscard]] std::deque<T> close_and_empty() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        wake_.notify_all();
        return std::exchange(items_, {});
    }

private:
    using Clock = std::chrono::steady_clock;

    void add(T&& item) {
        items_.push_back(std::move(item));
        if (!gathering_) {
            wake_.notify_one();
        }
    }
    void wait(std::unique_lock<std::mutex>& lock) {
        wake_.wait(lock, [this] { return closed_ || (!items_.empty() && !gathering_); });
    }
    T pop() {
        T item = std::move(items_.front());
        items_.pop_front();
        return item;
    }

    const std::size_t most_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<T> items_;
    Clock::time_point began_{}; ///< the last group
    bool gathering_ = false;    ///< a thread waits for the next group's time: it will take what comes
    bool closed_ = false;
};

} // namespace relay::storage
