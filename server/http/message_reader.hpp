// Heads and bodies from a connection's bytes. Keeps what came behind a message for the next one; holds a buffer only
// while there is something to read, so that an idle connection or a parked poll has none.
#pragma once

#include "server/http/head_parser.hpp"
#include "server/http/timed_stream.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace relay::server::http {

/// On one io_context.
class MessageReader {
public:
    explicit MessageReader(TimedStream& stream) : stream_(stream) {}

    /// Whether bytes of the next message are here already.
    [[nodiscard]] bool has_bytes() const noexcept { return end_ > begin_; }
    /// Nothing: the connection ended before a first byte. Errors: those of parse_head, headers_too_large, timeout.
    [[nodiscard]] Awaitable<std::optional<protocol::Result<Head>>> read_head();

    /// Of the body: what is here already, else what comes next, at most `most` bytes; valid until the next call.
    /// Errors: timeout, malformed_request when the line was cut.
    [[nodiscard]] Awaitable<protocol::Result<protocol::BytesView>>
    read_piece(std::int64_t most, SteadyClock::time_point last_moment);
    /// The same for all of `into`, without a copy.
    [[nodiscard]] Awaitable<protocol::Result<void>>
    fill(std::span<std::uint8_t> into, SteadyClock::time_point last_moment);
    void release_if_empty() noexcept;

    /// Bytes of messages that were taken so far.
    [[nodiscard]] std::int64_t bytes_taken() const noexcept { return bytes_taken_; }
    [[nodiscard]] TimedStream& stream() noexcept { return stream_; }

private:
    void make_room();
    [[nodiscard]] protocol::BytesView take(std::size_t most) noexcept;
    [[nodiscard]] protocol::Error why_ended(const char* what) const;
    [[nodiscard]] SteadyClock::time_point piece_deadline(SteadyClock::time_point last_moment) const;

    TimedStream& stream_;
    std::unique_ptr<std::uint8_t[]> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::int64_t bytes_taken_ = 0;
};

/// The body of one request. `Expect: 100-continue` is answered when the first byte is wanted.
class MessageBody final : public BodyReader {
public:
    explicit MessageBody(MessageReader& reader) : reader_(reader) {}
    /// What the head said of it; without a word it is empty.
    void announce(std::int64_t size, bool expect_continue) noexcept {
        size_ = left_ = size;
        expect_continue_ = expect_continue;
    }

    [[nodiscard]] std::int64_t size() const noexcept override { return size_; }
    [[nodiscard]] Awaitable<Result<protocol::BytesView>> next() override;
    /// Asked when next() has come to the end, before it tells so; its error is told instead.
    void judge_at_end(std::function<Awaitable<Result<void>>()> judge) { judge_ = std::move(judge); }
    /// All of it. The memory is the caller's to have been granted.
    [[nodiscard]] Awaitable<Result<void>> read_whole(std::string& into);
    /// Every byte was read: the connection may go on.
    [[nodiscard]] bool complete() const noexcept { return left_ == 0; }

private:
    [[nodiscard]] Awaitable<Result<void>> begin();

    MessageReader& reader_;
    std::int64_t size_ = 0;
    std::int64_t left_ = 0;
    bool expect_continue_ = false;
    std::function<Awaitable<Result<void>>()> judge_;
    SteadyClock::time_point last_moment_ = SteadyClock::time_point::max();
};

} // namespace relay::server::http
