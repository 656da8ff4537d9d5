#include "server/http/message_reader.hpp"

#include <algorithm>
#include <cstring>

namespace relay::server::http {

using protocol::BytesView;
using protocol::Error;
using protocol::ErrorCode;

namespace {

/// Whatever length a client claims: the largest chunk comes in less at the slowest pace.
constexpr std::chrono::hours longest_body{2};

} // namespace

void MessageReader::make_room() {
    if (!buffer_) {
        buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(most_head_bytes);
    }
    if (begin_ == end_) {
        begin_ = end_ = 0;
    }
}

BytesView MessageReader::take(std::size_t most) noexcept {
    const BytesView piece(buffer_.get() + begin_, std::min(most, end_ - begin_));
    begin_ += piece.size();
    bytes_taken_ += static_cast<std::int64_t>(piece.size());
    return piece;
}

void MessageReader::release_if_empty() noexcept {
    if (begin_ == end_) {
        buffer_.reset();
        begin_ = end_ = 0;
    }
}

Error MessageReader::why_ended(const char* what) const {
    if (stream_.timed_out()) {
        return Error(ErrorCode::timeout, std::string(what) + " came too slowly");
    }
    return Error(ErrorCode::malformed_request, std::string(what) + " was cut off");
}

SteadyClock::time_point MessageReader::piece_deadline(SteadyClock::time_point last_moment) const {
    return std::min(SteadyClock::now() + stream_.deadlines().body_piece, last_moment);
}

Awaitable<std::optional<protocol::Result<Head>>> MessageReader::read_head() {
    const auto deadline = SteadyClock::now() + stream_.deadlines().header;
    make_room();
    if (begin_ > 0) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    std::optional<protocol::Result<Head>> outcome;
    HeadScan scan;
    for (;;) {
        const auto state = scan.advance(BytesView(buffer_.get(), end_));
        if (state == HeadScan::State::complete) {
            outcome = parse_head(take(scan.size()));
            co_return outcome;
        }
        if (state != HeadScan::State::more) {
            const bool large = state == HeadScan::State::too_large;
            bytes_taken_ += static_cast<std::int64_t>(end_);
            outcome =
                Error(large ? ErrorCode::headers_too_large : ErrorCode::malformed_request, std::string("bad head"));
            co_return outcome;
        }
        const std::span<std::uint8_t> room(buffer_.get() + end_, most_head_bytes - end_);
        const std::size_t got = co_await stream_.read_some(room, deadline);
        end_ += got;
        if (got == 0) {
            if (end_ > 0) {
                bytes_taken_ += static_cast<std::int64_t>(end_);
                outcome = why_ended("the head");
            }
            co_return outcome;
        }
    }
}

Awaitable<protocol::Result<BytesView>>
MessageReader::read_piece(std::int64_t most, SteadyClock::time_point last_moment) {
    make_room();
    if (begin_ == end_) {
        const std::size_t wanted = std::min(most_head_bytes, static_cast<std::size_t>(most));
        const std::span<std::uint8_t> room(buffer_.get(), wanted);
        const std::size_t got = co_await stream_.read_some(room, piece_deadline(last_moment));
        if (got == 0) {
            co_return why_ended("the body");
        }
        end_ = got;
    }
    co_return take(static_cast<std::size_t>(most));
}

Awaitable<protocol::Result<void>>
MessageReader::fill(std::span<std::uint8_t> into, SteadyClock::time_point last_moment) {
    if (has_bytes()) {
        const BytesView here = take(into.size());
        std::memcpy(into.data(), here.data(), here.size());
        into = into.subspan(here.size());
    }
    release_if_empty();
    while (!into.empty()) {
        const std::size_t got = co_await stream_.read_some(into, piece_deadline(last_moment));
        if (got == 0) {
            co_return why_ended("the body");
        }
        bytes_taken_ += static_cast<std::int64_t>(got);
        into = into.subspan(got);
    }
    co_return protocol::Result<void>();
}

Awaitable<Result<void>> MessageBody::begin() {
    const Deadlines& deadlines = reader_.stream().deadlines();
    const std::chrono::seconds at_pace(size_ / deadlines.body_bytes_per_second);
    last_moment_ = SteadyClock::now() + deadlines.body_begin + std::min<protocol::Duration>(at_pace, longest_body);
    const bool wanted = std::exchange(expect_continue_, false) && !reader_.has_bytes();
    if (!wanted) {
        co_return Result<void>();
    }
    constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto told = co_await reader_.stream().write_all(protocol::as_bytes(interim));
    if (told < interim.size()) {
        co_return Error(ErrorCode::malformed_request, std::string("the line was cut off"));
    }
    co_return Result<void>();
}

Awaitable<Result<BytesView>> MessageBody::next() {
    if (left_ == 0) {
        reader_.release_if_empty();
        if (judge_) {
            const auto still = co_await judge_();
            if (!still) {
                co_return still.error();
            }
        }
        co_return BytesView();
    }
    if (left_ == size_) {
        const auto begun = co_await begin();
        if (!begun) {
            co_return begun.error();
        }
    }
    const auto piece = co_await reader_.read_piece(left_, last_moment_);
    if (piece) {
        left_ -= static_cast<std::int64_t>(piece->size());
    }
    co_return piece;
}

Awaitable<Result<void>> MessageBody::read_whole(std::string& into) {
    into.resize(static_cast<std::size_t>(size_));
    if (size_ == 0) {
        reader_.release_if_empty();
        co_return Result<void>();
    }
    const auto begun = co_await begin();
    if (!begun) {
        co_return begun.error();
    }
    const std::span<std::uint8_t> room(reinterpret_cast<std::uint8_t*>(into.data()), into.size());
    auto filled = co_await reader_.fill(room, last_moment_);
    if (filled) {
        left_ = 0;
    }
    co_return filled;
}

} // namespace relay::server::http
