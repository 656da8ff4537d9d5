// relay-bench-raw-server: the least that an HTTPS server with mutual TLS can do on this machine: one thread, epoll,
// OpenSSL on the socket, no HTTP but the length of a body. What the relay's own cost is compared with.
#include "protocol/cms/openssl.hpp"
#include "tests/bench/loop.hpp"
#include "tests/bench/program.hpp"

#include <CLI/CLI.hpp>
#include <openssl/ssl.h>

#include <array>
#include <charconv>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <unordered_map>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace relay::bench {
namespace {

using SslPtr = std::unique_ptr<SSL, protocol::cms::Deleter<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, protocol::cms::Deleter<SSL_CTX_free>>;

struct Options {
    int port = 0;
    std::string certificate, key, ca;
    bool tickets = false;
};

std::string answer(std::string_view status, std::size_t size) {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
           std::string(size, 'x');
}

/// By the path's last letter: what is asked for.
const std::string& answer_to(std::string_view head) {
    static const std::string small = "HTTP/1.1 204 No Content\r\n\r\n";
    static const std::string medium = answer("200 OK", 2000);
    static const std::string large = answer("200 OK", 10000);
    static const std::string claim = answer("200 OK", 16400);
    static const std::string huge = answer("200 OK", 16U << 20U);
    static const std::string created = answer("201 Created", 1000);
    if (head.starts_with("P")) {
        return created;
    }
    const auto path = head.substr(4, head.find(' ', 4) - 4);
    return path == "/2k" ? medium : path == "/10k" ? large : path == "/16k" ? claim : path == "/16m" ? huge : small;
}

class Peer;
using Peers = std::unordered_map<Peer*, std::unique_ptr<Peer>>;

class Peer final : public Watched {
public:
    Peer(Peers& peers, int fd, SslPtr ssl) : peers_(peers), fd_(fd), ssl_(std::move(ssl)) {}
    ~Peer() {
        SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); // else its session counts as bad
        ::close(fd_);
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void on_ready(unsigned) override {
        ERR_clear_error();
        if (!advance()) {
            peers_.erase(this);
        }
    }

private:
    /// False when the connection has ended.
    bool advance() {
        static std::array<char, 16384> piece;
        while (true) {
            if (written_ < out_.size()) {
                const int count =
                    SSL_write(ssl_.get(), out_.data() + written_, static_cast<int>(out_.size() - written_));
                if (count <= 0) {
                    return wants(count);
                }
                written_ += static_cast<std::size_t>(count);
                continue;
            }
            const int count = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
            if (count <= 0) {
                return wants(count);
            }
            take({piece.data(), static_cast<std::size_t>(count)});
        }
    }

    [[nodiscard]] bool wants(int result) {
        const int why = SSL_get_error(ssl_.get(), result);
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
    }

    void take(std::string_view piece) {
        if (body_left_ > 0) {
            body_left_ -= std::min(body_left_, piece.size());
            if (body_left_ == 0) {
                respond();
            }
            return;
        }
        head_ += piece;
        const auto end = head_.find("\r\n\r\n");
        if (end == std::string::npos) {
            return;
        }
        const auto field = head_.find("Content-Length: ");
        std::size_t length = 0;
        if (field != std::string::npos) {
            std::from_chars(head_.data() + field + 16, head_.data() + head_.size(), length);
        }
        const std::size_t there = head_.size() - end - 4;
        body_left_ = length > there ? length - there : 0;
        if (body_left_ == 0) {
            respond();
        }
    }

    void respond() {
        out_ = answer_to(head_);
        written_ = 0;
        head_.clear();
    }

    Peers& peers_;
    int fd_;
    SslPtr ssl_;
    std::string head_;
    std::string_view out_;
    std::size_t written_ = 0;
    std::size_t body_left_ = 0;
};

SslContextPtr make_context(const Options& o) {
    SslContextPtr context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX* raw = context.get();
    SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION);
    SSL_CTX_set_mode(
        raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
    );
    if (SSL_CTX_use_certificate_chain_file(raw, o.certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(raw, o.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_locations(raw, o.ca.c_str(), nullptr) != 1) {
        throw std::runtime_error("certificate, key or CA: " + protocol::cms::last_openssl_reason());
    }
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_session_id_context(raw, reinterpret_cast<const unsigned char*>("raw"), 3);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(raw, 200000);
    SSL_CTX_set_options(raw, SSL_OP_IGNORE_UNEXPECTED_EOF); // else who just closes loses the session
    SSL_CTX_set_num_tickets(raw, 1);
    if (!o.tickets) {
        SSL_CTX_set_options(raw, SSL_OP_NO_TICKET);
    }
    return context;
}

class Listener final : public Watched {
public:
    Listener(Loop& loop, const Options& o) : loop_(loop), context_(make_context(o)) {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        const int on = 1;
        ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(o.port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd_, 1024) != 0) {
            throw std::runtime_error("cannot listen");
        }
        loop_.watch(fd_, EPOLLIN, this);
    }

    void on_ready(unsigned) override {
        while (true) {
            const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) {
                return;
            }
            const int on = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            SslPtr ssl(SSL_new(context_.get()));
            SSL_set_fd(ssl.get(), fd);
            SSL_set_accept_state(ssl.get());
            auto peer = std::make_unique<Peer>(peers_, fd, std::move(ssl));
            // Edges, so that writing needs no second call: whoever is ready is served until it is not.
            loop_.watch(fd, EPOLLIN | EPOLLOUT | EPOLLET, peer.get());
            Peer* key = peer.get();
            peers_.emplace(key, std::move(peer));
        }
    }

private:
    Loop& loop_;
    SslContextPtr context_;
    int fd_ = -1;
    Peers peers_;
};

int run(int argc, char** argv) {
    CLI::App app("The least an HTTPS server can do");
    Options o;
    app.add_option("--port", o.port, "port of 127.0.0.1")->required();
    app.add_option("--certificate", o.certificate, "PEM")->required();
    app.add_option("--key", o.key, "PEM")->required();
    app.add_option("--ca", o.ca, "PEM of the clients' CA")->required();
    app.add_flag("--tickets", o.tickets, "one ticket instead of the stateful cache");
    CLI11_PARSE(app, argc, argv);
    Loop loop;
    const Listener listener(loop, o);
    std::cout << "ready" << std::endl;
    loop.run([] { return false; }, Clock::now() + std::chrono::hours(1));
    return 0;
}

} // namespace
} // namespace relay::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    return relay::bench::run_program("relay-bench-raw-server", relay::bench::run, argc, argv);
}
