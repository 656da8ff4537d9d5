// The long-poll hub: who waits for which inbox, who is woken, and which inboxes are known to have nothing waiting, so
// that whoever waits for the first bundle is parked without a query. One part per io_context; no database query here.
#pragma once

#include "protocol/ids.hpp"
#include "storage/awaitable.hpp"
#include "storage/mailbox_change.hpp"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace relay::server::mailbox {

enum class Wake : std::uint8_t { deadline, changed, abandoned, drain };
/// What a waiter wants to be woken by.
enum class Heed : std::uint8_t { every_change, arrivals };

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
        /// Parks until a change of the inbox since the last call (or since registration), abandon(), drain, or the
        /// deadline.
        [[nodiscard]] Awaitable<Wake> park(std::chrono::steady_clock::time_point deadline);
        /// Nobody needs its answer any more: ends this and every later park(). On its io_context.
        void abandon();

    private:
        friend class Changes;
        struct State;
        explicit Waiter(std::unique_ptr<State> state);
        std::unique_ptr<State> state_;
    };

    /// Called on one of the contexts' own threads; `executor` says which.
    [[nodiscard]] Waiter wait_for(const protocol::OfficeNumber& office, Heed heed, const Executor& executor);

    // From any thread:
    /// Nothing is waiting in this inbox: a query said so, nothing arrived since, and the database was heard within
    /// `heard_within`.
    [[nodiscard]] bool nothing_waits(const protocol::OfficeNumber& office) const;
    /// Before a query whose answer may be remembered: what arrives from now on makes it void.
    [[nodiscard]] std::uint64_t begin_look(const protocol::OfficeNumber& office);
    /// That query found nothing waiting.
    void saw_nothing(const protocol::OfficeNumber& office, std::uint64_t look);

    void notify(const std::vector<storage::MailboxChange>& changes);
    /// After notifications may have been lost: wakes everybody, in slices spread over `over`.
    void notify_all(std::chrono::milliseconds over);
    /// Notifications still come: the listener's connection has just answered.
    void heard() noexcept;
    /// Ends every wait, now and from now on.
    void drain();
    [[nodiscard]] std::int64_t parked() const noexcept { return parked_.load(std::memory_order_relaxed); }

    static constexpr std::chrono::seconds heard_within{10};

private:
    struct Part;
    struct Known {
        std::uint64_t look = 0; ///< the last one that began, 0 after an arrival
        bool nothing_waits = false;
    };
    std::vector<std::unique_ptr<Part>> parts_;
    std::atomic<std::int64_t> parked_{0};
    std::atomic<bool> draining_{false};
    std::atomic<std::chrono::steady_clock::rep> heard_at_{0};
    mutable std::mutex known_mutex_;
    std::unordered_map<protocol::OfficeNumber, Known> known_; ///< of offices that ask: never more than there are
    std::uint64_t looks_ = 0;
};

} // namespace relay::server::mailbox
