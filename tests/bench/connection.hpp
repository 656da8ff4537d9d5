// A keep-alive connection of the load generator: mutual TLS on a non-blocking socket, one HTTP request at a time.
#pragma once

#include "tests/bench/identity.hpp"
#include "tests/bench/loop.hpp"

#include <openssl/ssl.h>

#include <exception>
#include <functional>
#include <string>
#include <string_view>

namespace relay::bench {

struct Target {
    std::string host = "127.0.0.1"; ///< an IPv4 address
    int port = 0;
    std::string source; ///< local address; empty: the kernel's choice
};

struct Answer {
    int status = 0;
    std::string_view head; ///< status line and fields
    std::string_view body;

    /// The value of a field; empty when there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const;
};

using SslContext = std::unique_ptr<SSL_CTX, protocol::cms::Deleter<SSL_CTX_free>>;

/// TLS 1.3 with the connections' own certificates. The server's certificate is not checked: that is the client's work,
/// and not what is measured.
[[nodiscard]] SslContext make_client_context();

/// Belongs to the loop's thread and must stay where it is while it is open.
class Connection final : public Watched {
public:
    /// Called with each answer, and with status 0 when the connection is lost. May send again, or close.
    using OnAnswer = std::function<void(const Answer&)>;

    Connection(Loop& loop, SSL_CTX* context) : loop_(loop), context_(context) {}
    ~Connection() { close(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void set_identity(const Identity* identity) { identity_ = identity; }
    [[nodiscard]] const Identity& identity() const { return *identity_; }
    /// Begins to connect; `on_open` is called once after the handshake (true) or its failure (false).
    void open(const Target& target, bool resume, std::function<void(bool)> on_open);
    void send(std::string request, OnAnswer on_answer);
    /// Called when the connection is lost while nothing is asked.
    void set_on_lost(std::function<void()> on_lost) { on_lost_ = std::move(on_lost); }
    /// At once, without a word of TLS.
    void close();
    /// The same with a reset, as when the network is cut: the kernel keeps the port for nobody.
    void reset();
    [[nodiscard]] bool is_open() const noexcept { return ready_; }
    [[nodiscard]] bool was_resumed() const noexcept { return ssl_ && SSL_session_reused(ssl_.get()) == 1; }
    void forget_session() { session_.reset(); }

    void on_ready(unsigned events) override;
    /// OpenSSL's new-session callback.
    void keep_session(SSL_SESSION* session) { session_.reset(session); }
    /// OpenSSL's client-certificate callback: asked for by full handshakes only, since a resumed one needs neither. A
    /// failure must not be thrown through OpenSSL: the handshake throws it afterwards.
    [[nodiscard]] bool give_credentials(X509** certificate, EVP_PKEY** key) noexcept;

private:
    struct SessionDeleter {
        void operator()(SSL_SESSION* s) const noexcept { SSL_SESSION_free(s); }
    };

    void advance();
    bool shake_hands();
    bool write_request();
    bool read_answer();
    bool take_answer();
    void lose();
    void want(bool writing);

    Loop& loop_;
    SSL_CTX* context_;
    const Identity* identity_ = nullptr;
    std::unique_ptr<SSL, protocol::cms::Deleter<SSL_free>> ssl_;
    std::unique_ptr<SSL_SESSION, SessionDeleter> session_;
    int fd_ = -1;
    bool ready_ = false;
    bool writing_ = false;
    bool waiting_ = false; ///< for an answer
    std::string out_;
    std::size_t written_ = 0;
    std::string in_;
    std::exception_ptr no_credentials_; ///< why there are none
    std::function<void(bool)> on_open_;
    OnAnswer on_answer_;
    std::function<void()> on_lost_;
};

} // namespace relay::bench
