// All requests of the process to an S3 store, on one thread of their own: libcurl's multi interface, so that a store
// that hangs holds neither a network thread nor a thread for each call. Used by s3_objects.
#pragma once

#include "storage/objects/pending.hpp"
#include "storage/objects/s3_transfer.hpp"

#include <atomic>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace relay::storage::objects {

/// Thread-safe. What is in flight when it ends is delivered as unavailable.
class S3Engine final {
public:
    /// Error: internal when libcurl cannot be set up.
    [[nodiscard]] static protocol::Result<std::unique_ptr<S3Engine>> start(S3Settings settings);
    ~S3Engine();
    S3Engine(const S3Engine&) = delete;
    S3Engine& operator=(const S3Engine&) = delete;

    /// `patience`: over all attempts, waiting for a place included. `done` is called once, on the engine's thread, or
    /// at once when too many requests wait.
    void submit(S3Request request, SteadyClock::duration patience, S3Done done);
    /// The same for one that is waited for.
    [[nodiscard]] std::shared_ptr<Pending<S3Answer>> call(S3Request request, SteadyClock::duration patience);
    /// Somebody wrote to a pipe, or left it.
    void wake() noexcept;
    /// Everything in flight and everything that comes is unavailable from now on.
    void stop() noexcept;
    [[nodiscard]] const S3Settings& settings() const noexcept { return settings_; }

private:
    using Transfers = std::list<std::unique_ptr<S3Transfer>>;
    /// Requests of one kind: those that run, and those that wait for a place.
    struct Lane {
        std::size_t most = 0;
        Transfers running;
        Transfers waiting;
    };

    S3Engine(S3Settings settings, CURLM* multi);
    void run();
    void take_submitted();
    void begin_waiting(Lane& lane, SteadyClock::time_point now);
    void look_after(Lane& lane, SteadyClock::time_point now);
    void begin(S3Transfer& transfer);
    void end(Lane& lane, Transfers::iterator transfer);
    void take_finished();
    [[nodiscard]] int next_look_ms() const;
    void end_all();

    struct CloseMulti {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };
    const S3Settings settings_;
    std::unique_ptr<CURLM, CloseMulti> multi_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<S3Transfer>> submitted_;
    std::size_t queued_ = 0; ///< submitted and not begun
    bool stopped_ = false;
    std::atomic<bool> pipes_changed_{false};
    Lane uploads_, calls_;
    std::jthread thread_;
};

} // namespace relay::storage::objects
