// Where large chunks live: one object per chunk, named by a random key that says nothing about people.
// Implemented by storage/objects/file_objects. No call blocks the caller's thread.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/error.hpp"
#include "storage/awaitable.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace relay::storage {

/// An object being written. Dropped without finish(): nothing of it stays.
class ObjectWriter {
public:
    virtual ~ObjectWriter() = default;
    /// `data` must stay valid until the call completes. Error: unavailable (disk full, store down).
    [[nodiscard]] virtual Awaitable<protocol::Result<void>> write(protocol::BytesView data) = 0;
    /// Durable when it returns: file and folder are fsynced.
    [[nodiscard]] virtual Awaitable<protocol::Result<void>> finish() = 0;
};

class PayloadStore {
public:
    virtual ~PayloadStore() = default;
    /// `size`: bytes to come; `sha256_hex`: their digest, known from the signed manifest (a store may check it too).
    [[nodiscard]] virtual Awaitable<protocol::Result<std::unique_ptr<ObjectWriter>>>
    create(std::string key, std::int64_t size, std::string sha256_hex) = 0;
    /// Reads [offset, offset+length) of an object, at most 1 MiB. Error: unavailable; not_found when the object is
    /// gone.
    [[nodiscard]] virtual Awaitable<protocol::Result<protocol::Bytes>>
    read(std::string key, std::int64_t offset, std::int64_t length) = 0;
    /// Gone when it returns; an object that is not there is no error.
    [[nodiscard]] virtual Awaitable<protocol::Result<void>> remove(std::string key) = 0;
    /// Whether the store answers (readyz).
    [[nodiscard]] virtual Awaitable<protocol::Result<void>> ping() = 0;
};

/// A fresh key: lower-case hex, fit for file names and S3.
[[nodiscard]] std::string make_object_key();

} // namespace relay::storage
