#include "server/ops/line_writer.hpp"

#include <cerrno>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace relay::server::ops {

namespace {

/// So much is written without further gathering.
constexpr std::size_t enough_bytes = 256U << 10U;

} // namespace

LineWriter::LineWriter(int descriptor) : descriptor_(descriptor), thread_([this] { work(); }) {
}

LineWriter::~LineWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void LineWriter::add(std::string_view line, bool at_once) {
    bool wake = at_once;
    {
        const std::lock_guard lock(mutex_);
        if (lines_.size() + line.size() >= most_bytes) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        const std::size_t before = lines_.size();
        lines_.append(line).push_back('\n');
        urgent_ = urgent_ || at_once;
        wake = wake || before == 0 || (before < enough_bytes && lines_.size() >= enough_bytes);
    }
    if (wake) {
        wake_.notify_one();
    }
}

void LineWriter::work() {
    std::string taken;
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopped_ || !lines_.empty(); });
        wake_.wait_for(lock, gathering, [this] { return stopped_ || urgent_ || lines_.size() >= enough_bytes; });
        if (lines_.empty()) {
            return; // stopped, and everything is written
        }
        taken.clear();
        taken.swap(lines_);
        urgent_ = false;
        lock.unlock();
        write(taken);
        lock.lock();
    }
}

void LineWriter::write(std::string_view text) const {
    while (!text.empty()) {
        const ssize_t put = ::write(descriptor_, text.data(), text.size());
        if (put >= 0) {
            text.remove_prefix(static_cast<std::size_t>(put));
            continue;
        }
        if (errno == EAGAIN) {
            pollfd room{descriptor_, POLLOUT, 0};
            ::poll(&room, 1, 1000);
        } else if (errno != EINTR) {
            return; // nobody reads any more: there is nowhere to tell it
        }
    }
}

} // namespace relay::server::ops
