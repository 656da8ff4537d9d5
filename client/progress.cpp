#include "client/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

namespace relay::client {

Progress::Progress(std::string label, std::uint64_t total)
    : label_(std::move(label)),
      total_(total),
      on_terminal_(::isatty(STDERR_FILENO) != 0),
      next_(std::chrono::steady_clock::now() + std::chrono::seconds(1)) {
}

Progress::~Progress() {
    if (drawn_) {
        std::cerr << "\r\x1b[K" << std::flush;
    }
}

void Progress::add(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    done_ += bytes;
    const auto now = std::chrono::steady_clock::now();
    if (on_terminal_ && now >= next_) {
        next_ = now + std::chrono::milliseconds(100);
        draw();
    }
}

void Progress::draw() {
    constexpr std::uint64_t width = 30;
    drawn_ = true;
    std::cerr << '\r' << label_ << ' ';
    if (total_ > 0) {
        const auto done = std::min(done_, total_);
        const auto filled = done * width / total_;
        std::cerr << '[' << std::string(filled, '#') << std::string(width - filled, ' ') << "] " << done * 100 / total_
                  << "% ";
    }
    std::cerr << done_ / (1024 * 1024) << " MiB\x1b[K" << std::flush;
}

} // namespace relay::client
