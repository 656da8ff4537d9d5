// Where large chunks live: one object per chunk, named by a random key that says nothing about people.
// Implemented by storage/objects/file_objects and s3_objects. No call blocks the caller's thread; each has a deadline.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/error.hpp"
#include "protocol/time.hpp"
#include "storage/awaitable.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace relay::storage {

/// An object being written, in bounded memory whatever its size. Dropped without finish(): nothing of it stays.
class ObjectWriter {
public:
    virtual ~ObjectWriter() = default;
    /// `data` must stay valid until the call completes. Error: unavailable (disk full, store down).
    [[nodiscard]] virtual Awaitable<protocol::Result<void>> write(protocol::BytesView data) = 0;
    /// Durable when it returns: fsynced, or taken by the store and seen there. Errors: unavailable; internal when it is
    /// not of the size announced.
    [[nodiscard]] virtual Awaitable<protocol::Result<void>> finish() = 0;
};

/// An object, or a part of it, being read in pieces.
class ObjectReader {
public:
    virtual ~ObjectReader() = default;
    /// The next piece, at most 1 MiB; empty at the end. Valid until the next call. Errors: not_found when the object
    /// is gone; internal when it ends too early; unavailable (the same piece may be asked for again).
    [[nodiscard]] virtual Awaitable<protocol::Result<protocol::BytesView>> next() = 0;
};

struct StoredObject {
    std::string key;
    std::int64_t size = 0;
    protocol::Time written_at;
};

struct ObjectPage {
    std::vector<StoredObject> objects; ///< in the order of their keys; what has no key of ours is left out
    std::optional<std::string> next;   ///< where the next page begins; nothing on the last one
};

class PayloadStore {
public:
    virtual ~PayloadStore() = default;
    /// `size`: bytes to come; `sha256_hex`: their digest, known from the signed manifest (a store may check it too).
    [[nodiscard]] virtual Awaitable<protocol::Result<std::unique_ptr<ObjectWriter>>>
    create(std::string key, std::int64_t size, std::string sha256_hex) = 0;
    /// Bytes [offset, offset + length) of an object. Nothing is read before the first next().
    [[nodiscard]] virtual std::unique_ptr<ObjectReader>
    open(std::string key, std::int64_t offset, std::int64_t length) = 0;
    /// Gone when it returns; an object that is not there is no error.
    [[nodiscard]] virtual Awaitable<protocol::Result<void>> remove(std::string key) = 0;
    [[nodiscard]] virtual Awaitable<protocol::Result<bool>> exists(std::string key) = 0;
    /// At most `limit` (1 to 1,000) objects with keys behind `after`, which is empty or a page's `next`.
    [[nodiscard]] virtual Awaitable<protocol::Result<ObjectPage>> list(std::string after, int limit) = 0;
    /// Whether the store answers and takes what it is given (readyz).
    [[nodiscard]] virtual Awaitable<protocol::Result<void>> ping() = 0;
    /// Thread-safe: what is in flight ends with unavailable, and so does what comes.
    virtual void stop() noexcept = 0;
};

/// A fresh key: lower-case hex, fit for file names and S3.
[[nodiscard]] std::string make_object_key();

} // namespace relay::storage
