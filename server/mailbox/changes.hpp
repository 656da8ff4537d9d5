// The long-poll hub: who waits for which inbox, and who is woken. One part per io_context; no database query here.
#pragma once

#include "protocol/ids.hpp"
#include "storage/awaitable.hpp"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

namespace relay::server::mailbox {

enum class Wake : std::uint8_t { deadline, changed, drain };

class Changes {
public:
    /// `contexts`: those that polls run on, in the order of their threads.
    explicit Changes(std::vector<boost::asio::io_context*> contexts);
    ~Changes();

    /// A registered waiter: what changes from now on is not missed. Lives on the io_context it was made on.
    class Waiter {
    public:
        Waiter(Waiter&&) noexcept;
        ~Waiter();
        /// Parks until a change of the inbox since the last call (or since registration), drain, or the deadline.
        [[nodiscard]] Awaitable<Wake> park(std::chrono::steady_clock::time_point deadline);

    private:
        friend class Changes;
        struct State;
        explicit Waiter(std::unique_ptr<State> state);
        std::unique_ptr<State> state_;
    };

    /// Called on one of the contexts' own threads; `executor` says which.
    [[nodiscard]] Waiter wait_for(const protocol::OfficeNumber& office, const Executor& executor);

    // From any thread:
    void notify(const std::vector<protocol::OfficeNumber>& offices);
    /// After notifications may have been lost: wakes everybody, in slices spread over `over`.
    void notify_all(std::chrono::milliseconds over);
    /// Ends every wait, now and from now on.
    void drain();
    [[nodiscard]] std::int64_t parked() const noexcept { return parked_.load(std::memory_order_relaxed); }

private:
    struct Part;
    std::vector<std::unique_ptr<Part>> parts_;
    std::atomic<std::int64_t> parked_{0};
    std::atomic<bool> draining_{false};
};

} // namespace relay::server::mailbox
