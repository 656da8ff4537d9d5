#include "client/chunk_workers.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>

namespace relay::client {
namespace {

/// The numbers that are still to be dealt with, and the first failure.
class Queue {
public:
    explicit Queue(const std::vector<std::size_t>& numbers) : numbers_(numbers) {}

    std::optional<std::size_t> next() {
        const std::lock_guard lock(mutex_);
        if (failure_ || at_ == numbers_.size()) {
            return std::nullopt;
        }
        return numbers_[at_++];
    }

    void fail(const Failure& failure) {
        const std::lock_guard lock(mutex_);
        if (!failure_) {
            failure_ = failure;
        }
    }

    [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }

private:
    std::mutex mutex_;
    const std::vector<std::size_t>& numbers_;
    std::size_t at_ = 0;
    std::optional<Failure> failure_;
};

} // namespace

Outcome<void> for_each_chunk(
    const Session& session,
    const std::vector<std::size_t>& numbers,
    const std::function<Outcome<void>(HttpClient&, std::size_t)>& work
) {
    Queue queue(numbers);
    const auto run = [&] {
        HttpClient http(session.settings());
        while (const auto n = queue.next()) {
            if (const auto done = work(http, *n); !done) {
                queue.fail(done.error());
            }
        }
    };
    {
        std::vector<std::jthread> workers;
        for (std::size_t i = 0; i < std::min(numbers.size(), most_chunk_workers); ++i) {
            workers.emplace_back(run);
        }
    }
    if (queue.failure()) {
        return *queue.failure();
    }
    return {};
}

} // namespace relay::client
