#include "server/http/tls_stream.hpp"

#include <boost/asio/redirect_error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace relay::server::http {

namespace asio = boost::asio;
using boost::system::error_code;

TlsStream::TlsStream(Socket socket, ssl_ctx_st* context) : socket_(std::move(socket)), ssl_(SSL_new(context)) {
    error_code failure;
    socket_.native_non_blocking(true, failure);
    socket_.set_option(asio::ip::tcp::no_delay(true), failure);
    broken_ = ssl_ == nullptr || SSL_set_fd(ssl_, socket_.native_handle()) != 1;
}

TlsStream::~TlsStream() {
    if (watch_) {
        watch_->stream = nullptr;
    }
    if (ssl_ != nullptr) {
        // A line that was lost must not cost its session: SSL_free drops sessions of connections without a shutdown.
        if (!broken_) {
            SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        }
        SSL_free(ssl_);
    }
}

Awaitable<bool> TlsStream::wait_after(int result) {
    const int wanted = SSL_get_error(ssl_, result);
    if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) {
        if (wanted == SSL_ERROR_SSL) {
            const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
            failure_ = reason == nullptr ? "TLS failure" : reason;
            broken_ = true;
        } else {
            failure_ = wanted == SSL_ERROR_ZERO_RETURN ? "ended by the peer" : "connection lost";
        }
        ERR_clear_error();
        co_return false;
    }
    const auto what = wanted == SSL_ERROR_WANT_READ ? Socket::wait_read : Socket::wait_write;
    error_code failure;
    co_await socket_.async_wait(what, asio::redirect_error(use_relay_awaitable, failure));
    if (failure) {
        failure_ = "cancelled";
    }
    co_return !failure;
}

Awaitable<bool> TlsStream::handshake() {
    bool waiting = !broken_;
    while (waiting) {
        ERR_clear_error();
        const int result = SSL_accept(ssl_);
        if (result == 1) {
            co_return true;
        }
        waiting = co_await wait_after(result);
    }
    co_return false;
}

std::string TlsStream::handshake_failure() const {
    const long verdict = ssl_ == nullptr ? X509_V_OK : SSL_get_verify_result(ssl_);
    if (verdict == X509_V_OK) {
        return failure_;
    }
    return failure_ + ": " + X509_verify_cert_error_string(verdict);
}

Awaitable<bool> TlsStream::wait_readable() {
    if (SSL_pending(ssl_) > 0) {
        co_return true;
    }
    error_code failure;
    co_await socket_.async_wait(Socket::wait_read, asio::redirect_error(use_relay_awaitable, failure));
    co_return !failure;
}

Awaitable<std::size_t> TlsStream::read_some(std::span<std::uint8_t> into) {
    bool waiting = !broken_;
    while (waiting) {
        ERR_clear_error();
        std::size_t got = 0;
        const int result = SSL_read_ex(ssl_, into.data(), into.size(), &got);
        if (result == 1) {
            co_return got;
        }
        waiting = co_await wait_after(result);
    }
    co_return 0;
}

Awaitable<std::size_t> TlsStream::write_some(protocol::BytesView bytes) {
    bool waiting = !broken_;
    while (waiting) {
        ERR_clear_error();
        std::size_t put = 0;
        const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &put);
        if (result == 1) {
            co_return put;
        }
        waiting = co_await wait_after(result);
    }
    co_return 0;
}

void TlsStream::end_sending() noexcept {
    if (ssl_ != nullptr && !broken_ && SSL_is_init_finished(ssl_) == 1) {
        ERR_clear_error();
        SSL_shutdown(ssl_);
        ERR_clear_error();
    }
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
}

Awaitable<void> TlsStream::discard(std::size_t most_bytes) {
    std::array<char, 4096> scratch{};
    std::size_t total = 0;
    while (total < most_bytes) {
        const ssize_t got = ::recv(socket_.native_handle(), scratch.data(), scratch.size(), MSG_DONTWAIT);
        if (got > 0) {
            total += static_cast<std::size_t>(got);
            continue;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            co_return;
        }
        error_code failure;
        co_await socket_.async_wait(Socket::wait_read, asio::redirect_error(use_relay_awaitable, failure));
        if (failure) {
            co_return;
        }
    }
}

void TlsStream::watch(std::function<void()> ended) {
    if (!watch_) {
        watch_ = std::make_shared<Watch>(Watch{this, {}, false});
    }
    watch_->ended = std::move(ended);
    if (!watch_->waiting) {
        await_end();
    }
}

void TlsStream::unwatch() noexcept {
    if (watch_) {
        watch_->ended = nullptr; // its wait ends by itself, with the next bytes
    }
}

void TlsStream::await_end() {
    watch_->waiting = true;
    socket_.async_wait(Socket::wait_read, [watch = watch_](error_code failure) {
        watch->waiting = false;
        if (failure || watch->stream == nullptr || !watch->ended) {
            return;
        }
        const auto sight = watch->stream->look_ahead();
        if (sight == Sight::end) {
            std::exchange(watch->ended, nullptr)();
        } else if (sight == Sight::nothing) { // a part of a record, or one without data
            watch->stream->await_end();
        }
    });
}

TlsStream::Sight TlsStream::look_ahead() {
    if (broken_) {
        return Sight::end;
    }
    ERR_clear_error();
    char first = 0;
    std::size_t got = 0;
    const int result = SSL_peek_ex(ssl_, &first, 1, &got);
    if (result == 1) {
        return Sight::bytes;
    }
    const int wanted = SSL_get_error(ssl_, result);
    broken_ = wanted == SSL_ERROR_SSL;
    ERR_clear_error();
    return wanted == SSL_ERROR_WANT_READ ? Sight::nothing : Sight::end;
}

void TlsStream::cancel() noexcept {
    error_code ignored;
    socket_.cancel(ignored);
}

void TlsStream::abort() noexcept {
    error_code ignored;
    socket_.shutdown(Socket::shutdown_both, ignored);
    socket_.cancel(ignored);
}

} // namespace relay::server::http
