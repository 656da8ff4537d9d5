// A blocking TLS client that sends exactly the bytes it is given, for tests of the HTTPS listener.
#pragma once

#include "tests/support/test_pki.hpp"

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace relay::test {

struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using ClientSession = std::unique_ptr<SSL_SESSION, SslDeleter>;

struct Answer {
    int status = 0;                            ///< 0: the connection ended first
    std::map<std::string, std::string> fields; ///< names as sent
    std::string body;
};

class TlsClient final {
public:
    /// `certificate` null: none is shown. Throws when the handshake fails on this side.
    TlsClient(std::uint16_t port, const TestCertificate* certificate, SSL_SESSION* session = nullptr);
    ~TlsClient();
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    /// False: the line broke before all was sent.
    bool send(const std::string& bytes);
    /// One answer; without a body when `head_only` (HEAD, or 100 Continue).
    [[nodiscard]] Answer receive(bool head_only = false);
    /// Reads until at least so many bytes of an answer are there, head included; how many are.
    [[nodiscard]] std::size_t receive_some(std::size_t wanted);
    /// Whether the server ended the connection, within 5 s.
    [[nodiscard]] bool ended();
    /// The same by close_notify, not by a mere end of the line.
    [[nodiscard]] bool ended_cleanly();
    [[nodiscard]] bool resumed() const;
    /// To resume by; after an answer was received.
    [[nodiscard]] ClientSession session() const;
    [[nodiscard]] std::string protocol() const; ///< of ALPN

private:
    bool read_more();

    std::unique_ptr<SSL_CTX, SslDeleter> context_;
    std::unique_ptr<SSL, SslDeleter> ssl_;
    int socket_ = -1;
    int last_error_ = 0;
    std::string received_;
};

} // namespace relay::test
