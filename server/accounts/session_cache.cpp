#include "server/accounts/session_cache.hpp"

#include <algorithm>
#include <mutex>

namespace relay::server::accounts {

SessionCache::SessionCache(std::size_t max_sessions) : generation_size_(std::max<std::size_t>(max_sessions / 2, 1)) {
}

std::optional<storage::SessionRow> SessionCache::find(const storage::Digest& token_sha256) {
    {
        const std::shared_lock lock(mutex_);
        if (const auto found = young_.find(token_sha256); found != young_.end()) {
            return found->second;
        }
        if (!old_.contains(token_sha256)) {
            return std::nullopt;
        }
    }
    const std::unique_lock lock(mutex_);
    const auto old = old_.find(token_sha256);
    if (old == old_.end()) {
        const auto young = young_.find(token_sha256);
        return young == young_.end() ? std::nullopt : std::optional(young->second);
    }
    const storage::SessionRow row = old->second;
    put_locked(row);
    return young_.at(token_sha256);
}

void SessionCache::put(const storage::SessionRow& row) {
    const std::unique_lock lock(mutex_);
    put_locked(row);
}

void SessionCache::put(const storage::SessionRow& row, std::uint64_t round) {
    const std::unique_lock lock(mutex_);
    if (round == round_) {
        put_locked(row);
    }
}

std::uint64_t SessionCache::round() const {
    const std::shared_lock lock(mutex_);
    return round_;
}

void SessionCache::forget_all() {
    Sessions young; // freed outside the lock
    Sessions old;
    const std::unique_lock lock(mutex_);
    young.swap(young_);
    old.swap(old_);
    ++round_;
}

void SessionCache::put_locked(const storage::SessionRow& row) {
    bool ended = row.ended;
    if (const auto known = old_.find(row.token_sha256); known != old_.end()) {
        ended = ended || known->second.ended;
        old_.erase(known);
    }
    if (young_.size() >= generation_size_ && !young_.contains(row.token_sha256)) {
        old_ = std::move(young_);
        young_.clear();
    }
    auto& kept = young_.try_emplace(row.token_sha256, row).first->second;
    const bool was_ended = kept.ended;
    kept = row;
    kept.ended = ended || was_ended;
}

std::size_t SessionCache::size() const {
    const std::shared_lock lock(mutex_);
    return young_.size() + old_.size();
}

} // namespace relay::server::accounts
