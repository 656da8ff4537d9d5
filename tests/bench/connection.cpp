#include "tests/bench/connection.hpp"

#include <array>
#include <charconv>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace relay::bench {
namespace {

sockaddr_in address_of(const std::string& host, int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
        throw std::runtime_error("no IPv4 address: " + host);
    }
    return address;
}

const sockaddr* generic(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

int begin_connect(const Target& target) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        throw std::runtime_error("no socket: descriptors used up?");
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!target.source.empty()) {
        // The port is chosen at connect(), so that one may serve several destinations.
        ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        const auto source = address_of(target.source, 0);
        ::bind(fd, generic(source), sizeof source);
    }
    const auto address = address_of(target.host, target.port);
    if (::connect(fd, generic(address), sizeof address) != 0 && errno != EINPROGRESS) {
        ::close(fd);
        return -1;
    }
    return fd;
}

int on_new_session(SSL* ssl, SSL_SESSION* session) {
    static_cast<Connection*>(SSL_get_app_data(ssl))->keep_session(session);
    return 1;
}

int give_certificate(SSL* ssl, X509** certificate, EVP_PKEY** key) {
    return static_cast<Connection*>(SSL_get_app_data(ssl))->give_credentials(certificate, key) ? 1 : 0;
}

} // namespace

std::string_view Answer::field(std::string_view name) const {
    for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
        const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
            const auto value = line.substr(name.size() + 1);
            return value.substr(std::min(value.find_first_not_of(' '), value.size()));
        }
    }
    return {};
}

SslContext make_client_context() {
    SslContext context(SSL_CTX_new(TLS_client_method()));
    if (!context) {
        openssl_failed("SSL_CTX_new");
    }
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    SSL_CTX_set_mode(
        context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
    );
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context.get(), on_new_session);
    SSL_CTX_set_client_cert_cb(context.get(), give_certificate);
    return context;
}

void Connection::open(const Target& target, bool resume, std::function<void(bool)> on_open) {
    close();
    on_open_ = std::move(on_open);
    fd_ = begin_connect(target);
    ssl_.reset(SSL_new(context_));
    if (fd_ < 0 || !ssl_ || SSL_set_fd(ssl_.get(), fd_) != 1) {
        lose();
        return;
    }
    SSL_set_app_data(ssl_.get(), this);
    if (resume && session_) {
        SSL_set_session(ssl_.get(), session_.get());
    }
    SSL_set_connect_state(ssl_.get());
    writing_ = true;
    loop_.watch(fd_, EPOLLIN | EPOLLOUT, this);
}

void Connection::send(std::string request, OnAnswer on_answer) {
    if (!ready_) { // lost meanwhile
        loop_.at(Clock::now(), [on_answer = std::move(on_answer)] { on_answer({}); });
        return;
    }
    out_ = std::move(request);
    written_ = 0;
    on_answer_ = std::move(on_answer);
    waiting_ = true;
    advance();
}

void Connection::close() {
    ready_ = false;
    waiting_ = false;
    in_.clear();
    if (fd_ >= 0) {
        if (ssl_) {
            SSL_set_quiet_shutdown(ssl_.get(), 1);
            SSL_shutdown(ssl_.get()); // else OpenSSL takes the session for a bad one
        }
        ::close(fd_);
        fd_ = -1;
    }
    ssl_.reset();
}

void Connection::reset() {
    if (fd_ >= 0) {
        const linger none{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    close();
}

void Connection::want(bool writing) {
    if (writing != writing_) {
        writing_ = writing;
        loop_.change(fd_, writing ? EPOLLIN | EPOLLOUT : EPOLLIN, this);
    }
}

void Connection::lose() {
    const bool was_ready = ready_;
    const bool was_waiting = waiting_;
    close();
    if (!was_ready && on_open_) {
        const auto on_open = std::move(on_open_);
        on_open_ = nullptr;
        on_open(false);
    } else if (was_waiting && on_answer_) {
        const auto on_answer = std::move(on_answer_);
        on_answer_ = nullptr;
        on_answer({});
    } else if (on_lost_) {
        on_lost_();
    }
}

void Connection::on_ready(unsigned) {
    if (fd_ >= 0) {
        advance();
    }
}

void Connection::advance() {
    ERR_clear_error();
    if (!ready_ && !shake_hands()) {
        return;
    }
    if (written_ < out_.size() && !write_request()) {
        return;
    }
    while (ready_ && read_answer()) {
    }
}

bool Connection::give_credentials(X509** certificate, EVP_PKEY** key) noexcept {
    try {
        auto own_certificate = identity_->certificate();
        *key = identity_->key().release();
        *certificate = own_certificate.release();
        return true;
    } catch (...) {
        no_credentials_ = std::current_exception();
        return false;
    }
}

bool Connection::shake_hands() {
    const int done = SSL_do_handshake(ssl_.get());
    if (no_credentials_) {
        std::rethrow_exception(no_credentials_);
    }
    if (done == 1) {
        ready_ = true;
        SSL_certs_clear(ssl_.get());
        want(false);
        const auto on_open = std::move(on_open_);
        on_open_ = nullptr;
        on_open(true);
        return ready_;
    }
    const int why = SSL_get_error(ssl_.get(), done);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        want(why == SSL_ERROR_WANT_WRITE);
        return false;
    }
    lose();
    return false;
}

bool Connection::write_request() {
    while (written_ < out_.size()) {
        const int count = SSL_write(ssl_.get(), out_.data() + written_, static_cast<int>(out_.size() - written_));
        if (count > 0) {
            written_ += static_cast<std::size_t>(count);
            continue;
        }
        const int why = SSL_get_error(ssl_.get(), count);
        if (why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ) {
            want(true);
        } else {
            lose();
        }
        return false;
    }
    out_.clear();
    out_.shrink_to_fit();
    written_ = 0;
    want(false);
    return true;
}

/// One SSL_read; false when there is nothing more for now.
bool Connection::read_answer() {
    static std::array<char, 16384> piece;
    const int count = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    if (count > 0) {
        in_.append(piece.data(), static_cast<std::size_t>(count));
        return take_answer();
    }
    const int why = SSL_get_error(ssl_.get(), count);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
        lose();
    }
    return false;
}

/// Hands a whole answer over; false when the connection was closed meanwhile.
bool Connection::take_answer() {
    const auto end = in_.find("\r\n\r\n");
    if (end == std::string::npos) {
        return true;
    }
    Answer answer;
    answer.head = std::string_view(in_).substr(0, end);
    const auto status = answer.head.substr(std::min<std::size_t>(9, answer.head.size()), 3);
    std::from_chars(status.data(), status.data() + status.size(), answer.status);
    std::size_t length = 0;
    const auto text = answer.field("content-length");
    std::from_chars(text.data(), text.data() + text.size(), length);
    if (answer.status == 304 || answer.status == 204) {
        length = 0;
    }
    if (in_.size() < end + 4 + length) {
        in_.reserve(end + 4 + length);
        return true;
    }
    // The answer is looked at while the next request may already be on its way.
    const std::string whole = std::move(in_);
    in_.clear();
    answer.head = std::string_view(whole).substr(0, end);
    answer.body = std::string_view(whole).substr(end + 4, length);
    waiting_ = false;
    const auto on_answer = std::move(on_answer_);
    on_answer_ = nullptr;
    if (on_answer) {
        on_answer(answer);
    }
    return ready_;
}

} // namespace relay::bench
