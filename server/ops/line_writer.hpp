// Lines to a descriptor by a thread of its own. Whoever logs only copies its line: the thread gathers for a moment and
// writes all at once, since waking it for every line cost more than a quarter of a small request.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace relay::server::ops {

class LineWriter {
public:
    static constexpr std::chrono::milliseconds gathering{50}; ///< the longest that a line waits
    static constexpr std::size_t most_bytes = 4U << 20U;      ///< that wait

    /// The descriptor stays open, and is the caller's.
    explicit LineWriter(int descriptor);
    /// Writes what is left.
    ~LineWriter();
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;

    /// Any thread. `at_once`: without gathering. Dropped and counted where too much waits already.
    void add(std::string_view line, bool at_once);
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

private:
    void work();
    void write(std::string_view text) const;

    const int descriptor_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::string lines_;
    bool urgent_ = false;
    bool stopped_ = false;
    std::atomic<std::uint64_t> dropped_{0};
    std::thread thread_; // last: uses the others
};

} // namespace relay::server::ops
