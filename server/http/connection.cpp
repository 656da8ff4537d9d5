#include "server/http/connection.hpp"

#include "server/ops/log.hpp"

#include <openssl/ssl.h>

#include <chrono>
#include <utility>

namespace relay::server::http {

namespace {

protocol::RequestId new_request_id() {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    protocol::RequestId id;
    id.uuid = protocol::time_uuid(now.time_since_epoch().count());
    return id;
}

} // namespace

Connection::Connection(TlsStream::Socket socket, std::shared_ptr<ConnectionSet> set)
    : set_(std::move(set)),
      trust_generation_(set_->core->surroundings.tls.trust_generation()),
      stream_(
          std::move(socket),
          set_->core->surroundings.tls.context().get(),
          set_->wheel,
          set_->core->surroundings.deadlines
      ),
      reader_(stream_) {
    set_->all.insert(this);
}

Connection::~Connection() {
    set_->all.erase(this);
    set_->core->connections.fetch_sub(1);
}

void Connection::drain() noexcept {
    if (idle_) {
        stream_.cancel();
    }
}

Awaitable<bool> Connection::shake_hands() {
    ops::Metrics& metrics = set_->core->surroundings.metrics;
    const bool good = co_await stream_.handshake();
    if (good) {
        peer_ = TlsPeer::read(stream_.tls().native(), trust_generation_);
    }
    if (!peer_) {
        metrics.handshake(ops::Handshake::failed);
        const std::string reason = stream_.timed_out() ? "too slow" : stream_.tls().handshake_failure();
        ops::log(ops::Level::info, "handshake_failed", {{"cause", reason}});
        co_return false;
    }
    const bool resumed = SSL_session_reused(stream_.tls().native()) == 1;
    metrics.handshake(resumed ? ops::Handshake::resumed : ops::Handshake::full);
    co_return true;
}

Awaitable<bool> Connection::wait_for_request(bool first) {
    if (set_->draining) {
        co_return false;
    }
    reader_.release_if_empty();
    if (reader_.has_bytes()) {
        co_return true;
    }
    const Deadlines& deadlines = stream_.deadlines();
    idle_ = true;
    const bool readable = co_await stream_.wait_readable(first ? deadlines.header : deadlines.idle);
    idle_ = false;
    co_return readable;
}

/// Reads a request's head; false: none came.
Awaitable<bool> Connection::read_request(Exchange& exchange, MessageBody& body) {
    auto head = co_await reader_.read_head();
    if (!head) {
        co_return false;
    }
    if (*head) {
        body.announce((**head).content_length.value_or(0), (**head).expect_continue);
        begin_exchange(exchange, std::move(**head));
    } else {
        exchange.head_error = head->error();
    }
    if (body.size() == 0) {
        reader_.release_if_empty(); // a poll may be parked for a minute
    }
    co_return true;
}

Awaitable<bool>
Connection::write_answer(const Exchange& exchange, bool body_complete, Response response, std::int64_t taken_before) {
    AnswerForm form;
    form.request = exchange.request.id;
    form.close = response.close || !exchange.framed || !exchange.keep_alive || !body_complete || set_->draining;
    form.head_only = exchange.request.method_text == "HEAD";
    const Written written = co_await write_response(stream_, response, form);
    set_->core->pipeline.finish(exchange, reader_.bytes_taken() - taken_before, written.bytes, written.whole);
    if (!written.whole) {
        stream_.abort(); // never ended as if the answer were whole
        co_return false;
    }
    co_return !form.close;
}

Awaitable<bool> Connection::serve() {
    Exchange exchange;
    exchange.request.id = new_request_id();
    exchange.request.began = std::chrono::steady_clock::now();
    exchange.request.line = &stream_.tls();
    const std::int64_t taken_before = reader_.bytes_taken();
    MessageBody body(reader_);
    const bool came = co_await read_request(exchange, body);
    if (!came) {
        co_return false;
    }
    Response response = co_await set_->core->pipeline.answer(exchange, body, *peer_);
    const bool open = co_await write_answer(exchange, body.complete(), std::move(response), taken_before);
    co_return open;
}

Awaitable<void> Connection::run() {
    bool first = true;
    bool open = co_await shake_hands();
    bool answered = true; // a refused handshake is answered by an alert
    while (open) {
        answered = false;
        open = co_await wait_for_request(first);
        if (open) {
            answered = true;
            open = co_await serve();
        }
        first = false;
    }
    if (answered) {
        co_await stream_.end();
    } else {
        stream_.tls().end_sending(); // nobody waits for anything
    }
}

} // namespace relay::server::http
