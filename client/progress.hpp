// A progress bar on the terminal, for what takes longer than a second; silent otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace relay::client {

/// Thread-safe.
class Progress {
public:
    /// `total`: bytes; 0 when unknown.
    Progress(std::string label, std::uint64_t total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void add(std::uint64_t bytes);

private:
    void draw();

    std::mutex mutex_;
    std::string label_;
    std::uint64_t total_;
    std::uint64_t done_ = 0;
    bool on_terminal_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point next_;
};

} // namespace relay::client
