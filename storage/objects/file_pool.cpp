#include "storage/objects/file_pool.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>

namespace relay::storage::objects {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// How often the time is looked at, for it must cost the operations nothing.
constexpr std::chrono::milliseconds most_between_looks{250};
/// Within which a pool that ends expects its threads to be done.
constexpr std::chrono::seconds end_patience{5};
constexpr const char* ending = "the payload store is closing";

} // namespace

class FilePool::Cleanup final : public Task {
public:
    explicit Cleanup(std::function<void()> job) : job_(std::move(job)) {}
    void run() override { job_(); }
    void give_up(const char* /*why*/) override {} // nobody waits for it

private:
    std::function<void()> job_;
};

struct FilePool::Shared {
    struct Waiting {
        std::shared_ptr<Task> task;
        SteadyClock::time_point deadline;
    };
    struct Item {
        std::shared_ptr<Task> task;
        std::uint64_t number = 0; ///< of a task that is waited for
    };

    explicit Shared(const FilePoolLimits& limits) : queue(limits.queue), timeout(limits.timeout) {}

    void work() {
        while (auto item = queue.take()) {
            item->task->run();
            {
                const std::lock_guard lock(mutex);
                waiting.erase(item->number);
            }
            item.reset(); // and with it what the job held
        }
        const std::lock_guard lock(mutex);
        --alive;
        changed.notify_all();
    }

    void watch() {
        const auto look = std::min<protocol::Duration>(most_between_looks, timeout / 4);
        std::unique_lock lock(mutex);
        while (!closed) {
            changed.wait_for(lock, look);
            give_up(lock, SteadyClock::now(), "a file operation was not done in time");
        }
    }

    /// Answers those whose time is over by `now`. All have the same time: they are in the order of their deadlines.
    void give_up(std::unique_lock<std::mutex>& lock, SteadyClock::time_point now, const char* why) {
        while (!waiting.empty() && waiting.begin()->second.deadline <= now) {
            const auto task = std::move(waiting.begin()->second.task);
            waiting.erase(waiting.begin());
            lock.unlock();
            task->give_up(why);
            lock.lock();
        }
    }

    BoundedQueue<Item> queue;
    const protocol::Duration timeout;
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::uint64_t, Waiting> waiting; ///< for an answer, by their numbers
    std::uint64_t last_number = 0;
    int alive = 0; ///< threads
    bool stopped = false;
    bool closed = false;
};

FilePool::FilePool(const FilePoolLimits& limits) : shared_(std::make_shared<Shared>(limits)) {
    shared_->alive = limits.threads;
    for (int i = 0; i < limits.threads; ++i) {
        threads_.emplace_back([shared = shared_] { shared->work(); });
    }
    watch_ = std::thread([shared = shared_] { shared->watch(); });
}

FilePool::~FilePool() {
    shared_->queue.close();
    // A job that was late may have held the last of what holds the pool.
    const bool own = std::any_of(threads_.begin(), threads_.end(), [](const std::thread& one) {
        return one.get_id() == std::this_thread::get_id();
    });
    std::unique_lock lock(shared_->mutex);
    const bool done = shared_->changed.wait_for(lock, end_patience, [&] { return shared_->alive == (own ? 1 : 0); });
    shared_->give_up(lock, SteadyClock::time_point::max(), ending);
    shared_->closed = true;
    shared_->changed.notify_all();
    lock.unlock();
    watch_.join();
    for (auto& thread : threads_) {
        if (done && !own) {
            thread.join();
        } else {
            thread.detach();
        }
    }
}

void FilePool::push(std::shared_ptr<Task> task) {
    Shared::Item item;
    bool stopped = false;
    {
        const std::lock_guard lock(shared_->mutex);
        stopped = shared_->stopped;
        item.task = task;
        item.number = ++shared_->last_number;
        shared_->waiting.emplace(item.number, Shared::Waiting{task, SteadyClock::now() + shared_->timeout});
    }
    const auto number = item.number;
    if (!stopped && shared_->queue.push(std::move(item))) {
        return;
    }
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->waiting.erase(number);
    }
    task->give_up(stopped ? ending : "too many file operations are waiting");
}

void FilePool::submit_cleanup(std::function<void()> job) {
    Shared::Item item;
    item.task = std::make_shared<Cleanup>(std::move(job));
    shared_->queue.push_always(std::move(item));
}

void FilePool::stop() noexcept {
    std::unique_lock lock(shared_->mutex);
    shared_->stopped = true;
    shared_->give_up(lock, SteadyClock::time_point::max(), ending);
}

std::size_t FilePool::queued() const {
    return shared_->queue.size();
}

} // namespace relay::storage::objects
