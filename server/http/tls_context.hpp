// The SSL_CTX of the HTTPS listener: certificate, client trust, resumption; reloaded as one, swapped atomically.
#pragma once

#include "auth/trust.hpp"
#include "protocol/error.hpp"
#include "server/config.hpp"

#include <cstdint>
#include <memory>
#include <utility>

struct ssl_ctx_st;

namespace relay::server::http {

/// Thread-safe. Connections keep the SSL_CTX they began with.
class TlsContext {
public:
    explicit TlsContext(const Config& config);
    ~TlsContext();

    /// Reads all files anew; on failure the old state stays in force. Error: internal with file and reason.
    [[nodiscard]] protocol::Result<void> reload();
    /// Whether a file changed since the last reload (size, mtime, inode).
    [[nodiscard]] bool files_changed() const;
    [[nodiscard]] std::shared_ptr<ssl_ctx_st> context() const;
    [[nodiscard]] std::shared_ptr<const auth::Trust> trust() const;
    /// Grows with every reload that changed trust.
    [[nodiscard]] std::uint64_t trust_generation() const noexcept;
    /// Both of the same reload.
    [[nodiscard]] std::pair<std::shared_ptr<const auth::Trust>, std::uint64_t> trust_and_generation() const;
    /// When the server certificate in force expires (a metric tells).
    [[nodiscard]] protocol::Time certificate_not_after() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace relay::server::http
