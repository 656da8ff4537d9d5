#include "storage/objects/file_pool.hpp"

namespace relay::storage::objects {

class FilePool::Cleanup final : public Task {
public:
    explicit Cleanup(std::function<void()> job) : job_(std::move(job)) {}
    void run() override { job_(); }

private:
    std::function<void()> job_;
};

FilePool::FilePool(int threads, std::size_t max_queued) : max_queued_(max_queued) {
    for (int i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

FilePool::~FilePool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    threads_.clear(); // joins
}

void FilePool::submit_cleanup(std::function<void()> job) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::make_unique<Cleanup>(std::move(job)));
    wake_.notify_one();
}

std::size_t FilePool::queued() const {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
}

void FilePool::work() {
    for (;;) {
        std::unique_ptr<Task> task;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
            if (tasks_.empty()) {
                return;
            }
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task->run();
    }
}

} // namespace relay::storage::objects
