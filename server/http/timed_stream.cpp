#include "server/http/timed_stream.hpp"

namespace relay::server::http {

namespace {

constexpr std::size_t most_discarded = 32U << 20U; // a chunk or a batch on its way, so that its sender reads the answer

} // namespace

void TimedStream::begin(SteadyClock::time_point deadline) {
    timed_out_ = false;
    wheel_.set(*this, deadline);
}

void TimedStream::on_deadline() noexcept {
    timed_out_ = true;
    stream_.cancel();
}

Awaitable<bool> TimedStream::handshake() {
    begin(SteadyClock::now() + deadlines_.handshake);
    const bool good = co_await stream_.handshake();
    finish();
    co_return good;
}

Awaitable<bool> TimedStream::wait_readable(protocol::Duration most) {
    begin(SteadyClock::now() + most);
    const bool readable = co_await stream_.wait_readable();
    finish();
    co_return readable;
}

Awaitable<std::size_t> TimedStream::read_some(std::span<std::uint8_t> into, SteadyClock::time_point deadline) {
    begin(deadline);
    const std::size_t got = co_await stream_.read_some(into);
    finish();
    co_return got;
}

Awaitable<std::size_t> TimedStream::write_all(protocol::BytesView bytes) {
    std::size_t written = 0;
    while (written < bytes.size()) {
        begin(SteadyClock::now() + deadlines_.write);
        const std::size_t put = co_await stream_.write_some(bytes.subspan(written));
        if (put == 0) {
            break;
        }
        written += put;
    }
    finish();
    co_return written;
}

Awaitable<void> TimedStream::end() {
    stream_.end_sending();
    begin(SteadyClock::now() + deadlines_.linger);
    co_await stream_.discard(most_discarded);
    finish();
}

} // namespace relay::server::http
