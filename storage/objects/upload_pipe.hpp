// The bytes of one upload between a connection, which writes, and the store's thread, which takes them: one bounded
// buffer, whatever the object's size. Used by s3_objects and s3_transfer.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/error.hpp"
#include "storage/awaitable.hpp"
#include "storage/objects/pending.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace relay::storage::objects {

class UploadPipe final {
public:
    static constexpr std::size_t capacity = 256 * 1024;

    /// `wake`: called on the writer's thread when a taker that found nothing should come again, or the writer has gone.
    UploadPipe(std::int64_t size, std::function<void()> wake);

    // The writer's side.
    /// True when `data` went into the buffer at once; nothing was done otherwise.
    [[nodiscard]] bool try_write(protocol::BytesView data);
    /// Completes when all of `data` is in the buffer. Error: that of end(); internal: more than was announced.
    [[nodiscard]] Awaitable<protocol::Result<void>> write(protocol::BytesView data);
    /// Nobody writes any more; the upload must not become an object.
    void abandon();

    // The taker's side.
    /// Bytes taken; nothing: there are none now, wait to be woken. 0: all were taken.
    [[nodiscard]] std::optional<std::size_t> take(char* to, std::size_t room);
    /// All of it is there, or enough to be worth a transfer. Whoever asks before is woken then.
    [[nodiscard]] bool worth_taking();
    /// Nobody takes any more: who writes, now or later, gets this error.
    void end(protocol::Error why);
    [[nodiscard]] bool abandoned() const;
    [[nodiscard]] bool untouched() const;
    [[nodiscard]] std::int64_t size() const noexcept { return size_; }

private:
    void fill_locked();
    [[nodiscard]] std::unique_ptr<Completion<void>> refill_locked();
    [[nodiscard]] bool enough_locked() const;
    [[nodiscard]] bool needs_wake_locked();
    void begin_write(protocol::BytesView data, std::unique_ptr<Completion<void>> waiter);

    const std::int64_t size_;
    const std::function<void()> wake_;
    mutable std::mutex mutex_;
    std::unique_ptr<std::uint8_t[]> buffer_;
    std::size_t begin_ = 0;    ///< of what is in the buffer
    std::size_t filled_ = 0;   ///< bytes in the buffer
    std::int64_t written_ = 0; ///< bytes that the writer brought
    std::int64_t taken_ = 0;   ///< bytes that the taker had
    protocol::BytesView rest_; ///< of a write that waits for room
    std::unique_ptr<Completion<void>> waiter_;
    std::optional<protocol::Error> ended_;
    bool taker_waits_ = false;
    bool abandoned_ = false;
};

} // namespace relay::storage::objects
