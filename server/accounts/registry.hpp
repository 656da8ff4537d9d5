// Who may, without a round trip: every process's picture of offices, users, certificates, licences and sessions,
// at most 5 seconds old or not trusted. Asked for every request (server/api) and by the rules of sending.
#pragma once

#include "protocol/cms/recipients.hpp"
#include "server/accounts/licence.hpp"
#include "server/accounts/session_cache.hpp"
#include "storage/account_store.hpp"
#include "storage/awaitable.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

namespace relay::server::accounts {

using protocol::Digest;
using protocol::OfficeNumber;
using protocol::Result;
using protocol::Time;
using protocol::UserId;

/// Look-ups are thread-safe, never wait for I/O and return copies. What they do not find may be newer than the last
/// read: refresh_on_miss(), then look again.
class Registry {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds trusted_for{5};
    static constexpr std::chrono::seconds refresh_every{1};
    static constexpr std::chrono::milliseconds pause_between_misses{100};

    /// `io` runs the refresh loop on one thread; both must outlive the registry.
    Registry(storage::AccountStore& store, boost::asio::io_context& io, std::size_t max_sessions = 400'000);
    ~Registry();
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    /// Begins the loop, whose first read loads everything. Call once, after every on_change().
    void start();
    /// Thread-safe. The loop ends, and whoever waits gets `unavailable`. The registry may be destroyed once `io` has
    /// run out of work.
    void stop();
    /// Thread-safe: something changed, read at once.
    void poke();
    /// Called on `io` after a change that ended sessions, revoked certificates, or closed users or offices, with the
    /// offices it concerns, so that their parked polls are judged again; with all that were known after a read of
    /// everything anew.
    void on_change(std::function<void(std::vector<OfficeNumber> affected)> hook);

    /// The last read that succeeded began at most 5 s ago. Beyond it callers answer `unavailable`, never yes.
    [[nodiscard]] bool fresh(Clock::time_point now) const noexcept;
    /// Version of the last read; -1 before the first.
    [[nodiscard]] std::int64_t version() const noexcept { return version_.load(); }
    /// Returns after a read that began after the call: one serves all who wait, at most one runs, and no two begin
    /// within 100 ms. Error: unavailable.
    [[nodiscard]] Awaitable<Result<void>> refresh_on_miss();

    [[nodiscard]] std::optional<storage::OfficeRow> office(const OfficeNumber& number) const;
    [[nodiscard]] std::optional<std::string> office_name(const OfficeNumber& number) const;
    [[nodiscard]] std::optional<storage::UserRow> user(const UserId& user_id) const;
    /// Neither the user nor its office is closed.
    [[nodiscard]] bool is_open(const UserId& user_id) const;
    /// Known and not closed.
    [[nodiscard]] bool is_open(const OfficeNumber& number) const;
    [[nodiscard]] bool has_certificate(const Digest& sha256) const;
    /// Cover of an office by the day in Japan.
    [[nodiscard]] LicenceCover licence(const OfficeNumber& office, Time now) const;
    /// Open, with a valid licence and a valid certificate of an open user (protocol.md §8 `accepting`).
    [[nodiscard]] bool accepting(const OfficeNumber& office, Time now) const;
    /// `name` is a currently valid registered certificate of an open user of this office.
    [[nodiscard]] bool
    is_recipient(const OfficeNumber& office, const protocol::cms::RecipientName& name, Time now) const;
    /// A connection's certificate is registered for the user in its CN, who is open, and is valid. Errors:
    /// wrong_certificate, certificate_revoked.
    [[nodiscard]] Result<void> check_peer(const UserId& user_id, const Digest& certificate_sha256, Time now) const;
    /// A currently valid registered certificate of this very user, who is open. Error: signer_not_registered.
    [[nodiscard]] Result<void> check_signer(const UserId& user_id, const Digest& certificate_sha256, Time now) const;

    /// From memory alone; nothing: the store may know it.
    [[nodiscard]] std::optional<storage::SessionRow> known_session(const Digest& token_sha256) {
        return sessions_.find(token_sha256);
    }
    /// From memory, else from the store. Ended ones and those that ran out too, for 30 days; nothing: unknown.
    /// Error: unavailable.
    [[nodiscard]] Awaitable<Result<std::optional<storage::SessionRow>>> find_session(Digest token_sha256);
    /// What this process has just done itself, so that its next request sees it: a session opened or ended.
    void remember_session(const storage::SessionRow& row) { sessions_.put(row); }

private:
    struct Office {
        std::optional<storage::OfficeRow> row;
        std::vector<storage::LicenceRow> grants;
        std::vector<LicenceSpan> cover;
        std::vector<UserId> users;

        [[nodiscard]] bool is_open() const noexcept { return row && !row->closed; }
    };
    struct User {
        std::optional<storage::UserRow> row;
        std::vector<Digest> certificates;
    };
    using Waiter = std::function<void(const Result<void>&)>;

    Awaitable<void> run();
    Awaitable<void> wait_for_turn();
    Awaitable<Result<void>> refresh();
    Awaitable<Result<void>> refresh_guarded();
    void wait(Waiter waiter);
    void serve(std::vector<Waiter> waiters, const Result<void>& outcome);

    void apply(const storage::RegistryDelta& delta, bool from_scratch);
    void apply_licence(const storage::LicenceRow& row);
    [[nodiscard]] std::vector<OfficeNumber> all_offices() const;
    [[nodiscard]] std::vector<OfficeNumber> affected_offices(const storage::RegistryDelta& delta) const;
    // With the lock held:
    [[nodiscard]] const Office* find_office(const OfficeNumber& number) const;
    [[nodiscard]] bool is_open_locked(const UserId& user_id) const;
    template <class Matches>
    [[nodiscard]] bool any_valid_certificate(const Office& office, Time now, Matches matches) const;

    storage::AccountStore& store_;
    boost::asio::io_context& io_;

    mutable std::shared_mutex mutex_; // guards the three below, never held across a co_await
    std::unordered_map<OfficeNumber, Office> offices_;
    std::unordered_map<UserId, User> users_;
    std::unordered_map<Digest, storage::CertificateRow> certificates_;
    SessionCache sessions_;

    std::atomic<std::int64_t> version_{-1};
    std::atomic<Clock::rep> read_began_; // of the last read that succeeded

    // On io_ only:
    boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor> timer_;
    std::vector<Waiter> waiters_;
    std::vector<std::function<void(std::vector<OfficeNumber>)>> hooks_;
    Clock::time_point last_start_{};
    bool poked_ = false;
    bool stopping_ = false;
};

} // namespace relay::server::accounts
