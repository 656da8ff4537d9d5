// A TlsStream whose every wait has a deadline.
#pragma once

#include "server/http/deadline_wheel.hpp"
#include "server/http/deadlines.hpp"
#include "server/http/tls_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace relay::server::http {

/// On one io_context. `wheel` and `deadlines` outlive it.
class TimedStream final : public Timed {
public:
    TimedStream(TlsStream::Socket socket, ssl_ctx_st* context, DeadlineWheel& wheel, const Deadlines& deadlines)
        : stream_(std::move(socket), context),
          wheel_(wheel),
          deadlines_(deadlines) {}

    [[nodiscard]] Awaitable<bool> handshake();
    /// False: cancelled or too late.
    [[nodiscard]] Awaitable<bool> wait_readable(protocol::Duration most);
    /// 0: ended, broken, cancelled or too late; `timed_out` tells the last.
    [[nodiscard]] Awaitable<std::size_t> read_some(std::span<std::uint8_t> into, SteadyClock::time_point deadline);
    /// How many of the bytes were written; fewer than all: broken, or no progress within the deadline.
    [[nodiscard]] Awaitable<std::size_t> write_all(protocol::BytesView bytes);
    /// Ends our sending side, reads and discards for a while (protocol.md §2).
    [[nodiscard]] Awaitable<void> end();
    void abort() noexcept { stream_.abort(); }
    void cancel() noexcept { stream_.cancel(); }

    /// Whether the last operation was ended by its deadline.
    [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }
    [[nodiscard]] const Deadlines& deadlines() const noexcept { return deadlines_; }
    [[nodiscard]] TlsStream& tls() noexcept { return stream_; }

    void on_deadline() noexcept override;

private:
    void begin(SteadyClock::time_point deadline);
    void finish() noexcept { wheel_.clear(*this); }

    TlsStream stream_;
    DeadlineWheel& wheel_;
    const Deadlines& deadlines_;
    bool timed_out_ = false;
};

} // namespace relay::server::http
