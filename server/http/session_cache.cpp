#include "server/http/session_cache.hpp"

#include <ctime>
#include <functional>
#include <iterator>
#include <utility>

namespace relay::server::http {

namespace {

/// More than one for each that comes, so that those that ran out become fewer.
constexpr int most_dropped_at_once = 2;

bool has_run_out(const SSL_SESSION* session) {
    return SSL_SESSION_get_time(session) + SSL_SESSION_get_timeout(session) < std::time(nullptr);
}

} // namespace

std::string_view session_id(const SSL_SESSION* session) {
    unsigned int length = 0;
    const unsigned char* id = SSL_SESSION_get_id(session, &length);
    return {reinterpret_cast<const char*>(id), length};
}

SessionCache::Shard& SessionCache::shard_of(std::string_view id) {
    return shards_.at(std::hash<std::string_view>{}(id) % shard_count);
}

void SessionCache::add(SessionPtr session) {
    std::string id(session_id(session.get()));
    std::list<SessionPtr> dropped; // freed outside the lock
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    if (const auto known = shard.by_id.find(id); known != shard.by_id.end()) {
        dropped.splice(dropped.begin(), shard.by_use, known->second);
        shard.by_id.erase(known);
    } else if (shard.by_use.size() >= most_per_shard_) {
        drop_last(shard, dropped);
    }
    for (int i = 0; i < most_dropped_at_once && !shard.by_use.empty() && has_run_out(shard.by_use.back().get()); ++i) {
        drop_last(shard, dropped);
    }
    shard.by_use.push_front(std::move(session));
    shard.by_id.emplace(std::move(id), shard.by_use.begin());
}

void SessionCache::drop_last(Shard& shard, std::list<SessionPtr>& dropped) {
    const auto last = std::prev(shard.by_use.end());
    shard.by_id.erase(std::string(session_id(last->get())));
    dropped.splice(dropped.begin(), shard.by_use, last);
}

std::size_t SessionCache::size() {
    std::size_t all = 0;
    for (Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        all += shard.by_use.size();
    }
    return all;
}

SessionPtr SessionCache::find(std::string_view id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const auto known = shard.by_id.find(std::string(id));
    if (known == shard.by_id.end()) {
        return nullptr;
    }
    shard.by_use.splice(shard.by_use.begin(), shard.by_use, known->second);
    SSL_SESSION* const session = known->second->get();
    SSL_SESSION_up_ref(session);
    return SessionPtr(session);
}

void SessionCache::remove(std::string_view id) {
    SessionPtr removed; // freed outside the lock
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const auto known = shard.by_id.find(std::string(id));
    if (known != shard.by_id.end()) {
        removed = std::move(*known->second);
        shard.by_use.erase(known->second);
        shard.by_id.erase(known);
    }
}

} // namespace relay::server::http
