#include "storage/objects/upload_pipe.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace relay::storage::objects {

using protocol::Result;

namespace {

/// Both sides wake each other for this much at least: a thread's wake-up costs more than copying it.
constexpr std::size_t worth_waking = UploadPipe::capacity / 2;

} // namespace

UploadPipe::UploadPipe(std::int64_t size, std::function<void()> wake)
    : size_(size),
      wake_(std::move(wake)),
      buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(capacity)) {
}

bool UploadPipe::try_write(protocol::BytesView data) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        const auto after = written_ + static_cast<std::int64_t>(data.size());
        if (ended_ || after > size_ || data.size() > capacity - filled_) {
            return false;
        }
        written_ = after;
        rest_ = data;
        fill_locked();
        wake = needs_wake_locked();
    }
    if (wake) {
        wake_();
    }
    return true;
}

Awaitable<Result<void>> UploadPipe::write(protocol::BytesView data) {
    return await_completion<void>([this, data](std::unique_ptr<Completion<void>> waiter) {
        begin_write(data, std::move(waiter));
    });
}

void UploadPipe::begin_write(protocol::BytesView data, std::unique_ptr<Completion<void>> waiter) {
    std::unique_lock lock(mutex_);
    if (ended_ || written_ + static_cast<std::int64_t>(data.size()) > size_) {
        const auto error = ended_ ? *ended_ : protocol::errors::internal("more bytes than were announced");
        lock.unlock();
        waiter->complete(error);
        return;
    }
    written_ += static_cast<std::int64_t>(data.size());
    rest_ = data;
    fill_locked();
    if (!rest_.empty()) {
        waiter_ = std::move(waiter);
    }
    const bool wake = needs_wake_locked();
    lock.unlock();
    if (wake) {
        wake_();
    }
    if (waiter) {
        waiter->complete(Result<void>());
    }
}

void UploadPipe::abandon() {
    {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
    }
    wake_();
}

std::optional<std::size_t> UploadPipe::take(char* to, std::size_t room) {
    std::unique_ptr<Completion<void>> waiter;
    std::size_t had = 0;
    {
        const std::lock_guard lock(mutex_);
        while (had < room && filled_ > 0) {
            const auto piece = std::min({room - had, filled_, capacity - begin_});
            std::memcpy(to + had, buffer_.get() + begin_, piece);
            begin_ = (begin_ + piece) % capacity;
            filled_ -= piece;
            had += piece;
        }
        taken_ += static_cast<std::int64_t>(had);
        waiter = refill_locked();
        taker_waits_ = had == 0 && taken_ < size_;
        if (taker_waits_) {
            return std::nullopt;
        }
    }
    if (waiter) {
        waiter->complete(Result<void>());
    }
    return had;
}

bool UploadPipe::worth_taking() {
    const std::lock_guard lock(mutex_);
    taker_waits_ = !enough_locked();
    return !taker_waits_;
}

void UploadPipe::end(protocol::Error why) {
    std::unique_ptr<Completion<void>> waiter;
    {
        const std::lock_guard lock(mutex_);
        ended_ = std::move(why);
        waiter = std::move(waiter_);
        rest_ = {};
        buffer_.reset();
        filled_ = 0;
    }
    if (waiter) {
        waiter->complete(*ended_);
    }
}

bool UploadPipe::abandoned() const {
    const std::lock_guard lock(mutex_);
    return abandoned_;
}

bool UploadPipe::untouched() const {
    const std::lock_guard lock(mutex_);
    return taken_ == 0;
}

void UploadPipe::fill_locked() {
    while (!rest_.empty() && filled_ < capacity) {
        const auto end = (begin_ + filled_) % capacity;
        const auto piece = std::min({rest_.size(), capacity - filled_, capacity - end});
        std::memcpy(buffer_.get() + end, rest_.data(), piece);
        filled_ += piece;
        rest_ = rest_.subspan(piece);
    }
}

/// The writer goes on when much of the buffer is free again, so that it is not woken for every little piece.
std::unique_ptr<Completion<void>> UploadPipe::refill_locked() {
    if (rest_.empty() || filled_ > capacity / 2) {
        return nullptr;
    }
    fill_locked();
    return rest_.empty() ? std::move(waiter_) : nullptr;
}

bool UploadPipe::enough_locked() const {
    return filled_ >= worth_waking || written_ == size_;
}

bool UploadPipe::needs_wake_locked() {
    const bool enough = enough_locked();
    return std::exchange(taker_waits_, taker_waits_ && !enough) && enough;
}

} // namespace relay::storage::objects
