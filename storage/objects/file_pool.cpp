#include "storage/objects/file_pool.hpp"

namespace relay::storage::objects {

class FilePool::Cleanup final : public Task {
public:
    explicit Cleanup(std::function<void()> job) : job_(std::move(job)) {}
    void run() override { job_(); }
    void refuse() override {} // it never is

private:
    std::function<void()> job_;
};

FilePool::FilePool(int threads, std::size_t max_queued) : queue_(max_queued) {
    for (int i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

FilePool::~FilePool() {
    queue_.close();
    threads_.clear(); // joins
}

void FilePool::submit_cleanup(std::function<void()> job) {
    queue_.push_always(std::make_unique<Cleanup>(std::move(job)));
}

std::size_t FilePool::queued() const {
    return queue_.size();
}

void FilePool::work() {
    while (const auto task = queue_.take()) {
        (*task)->run();
    }
}

} // namespace relay::storage::objects
