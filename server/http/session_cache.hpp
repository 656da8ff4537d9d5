// TLS sessions kept in the process (tls.resumption = "stateful"): sharded and bounded, those that ran out and the least
// recently used go first. Used by tls_context alone.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace relay::server::http {

struct SessionDeleter {
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionDeleter>;

/// Thread-safe.
class SessionCache {
public:
    explicit SessionCache(std::size_t most_sessions) : most_per_shard_(most_sessions / shard_count + 1) {}

    void add(SessionPtr session);
    /// A reference of its own, or nothing.
    [[nodiscard]] SessionPtr find(std::string_view id);
    void remove(std::string_view id);
    [[nodiscard]] std::size_t size();

private:
    static constexpr std::size_t shard_count = 16;
    struct Shard {
        std::mutex mutex;
        std::list<SessionPtr> by_use; // the latest first
        std::unordered_map<std::string, std::list<SessionPtr>::iterator> by_id;
    };
    [[nodiscard]] Shard& shard_of(std::string_view id);
    /// Moves the least recently used session to `dropped`.
    static void drop_last(Shard& shard, std::list<SessionPtr>& dropped);

    std::size_t most_per_shard_;
    std::array<Shard, shard_count> shards_;
};

[[nodiscard]] std::string_view session_id(const SSL_SESSION* session);

} // namespace relay::server::http
