// Sessions that this process has seen lately, ended ones included. Used by the registry alone.
#pragma once

#include "storage/account_store.hpp"

#include <cstddef>
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
    [[nodiscard]] std::size_t size() const;

private:
    using Sessions = std::unordered_map<storage::Digest, storage::SessionRow>;
    void put_locked(const storage::SessionRow& row);

    mutable std::shared_mutex mutex_;
    std::size_t generation_size_;
    Sessions young_;
    Sessions old_;
};

} // namespace relay::server::accounts
