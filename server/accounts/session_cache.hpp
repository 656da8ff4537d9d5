// Sessions that this process has seen lately, ended ones included. Used by the registry alone.
#pragma once

#include "storage/account_store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <unordered_map>

namespace relay::server::accounts {

/// Thread-safe and bounded: two generations; what was not asked for during a whole one is forgotten.
class SessionCache {
public:
    /// At most about this many sessions are kept.
    explicit SessionCache(std::size_t max_sessions);

    [[nodiscard]] std::optional<storage::SessionRow> find(const storage::Digest& token_sha256);
    /// A session as it was read. One that is known to have ended stays ended: the read may be older than the end.
    void put(const storage::SessionRow& row);
    /// The same of a read that began when round() was `round`; forgotten when forget_all() came in between.
    void put(const storage::SessionRow& row, std::uint64_t round);
    [[nodiscard]] std::uint64_t round() const;
    /// Which ended, too: nothing that was read before counts any more.
    void forget_all();
    [[nodiscard]] std::size_t size() const;

private:
    using Sessions = std::unordered_map<storage::Digest, storage::SessionRow>;
    void put_locked(const storage::SessionRow& row);

    mutable std::shared_mutex mutex_;
    std::size_t generation_size_;
    std::uint64_t round_ = 0; ///< grows with each forget_all()
    Sessions young_;
    Sessions old_;
};

} // namespace relay::server::accounts
