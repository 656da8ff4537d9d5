#include "server/http/session_cache.hpp"

#include <functional>
#include <utility>

namespace relay::server::http {

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
    SessionPtr oldest; // freed outside the lock
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    if (const auto known = shard.by_id.find(id); known != shard.by_id.end()) {
        shard.by_use.erase(known->second);
        shard.by_id.erase(known);
    } else if (shard.by_use.size() >= most_per_shard_) {
        oldest = std::move(shard.by_use.back());
        shard.by_id.erase(std::string(session_id(oldest.get())));
        shard.by_use.pop_back();
    }
    shard.by_use.push_front(std::move(session));
    shard.by_id.emplace(std::move(id), shard.by_use.begin());
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
