// What a store's answers mean to the relay. Used by s3_objects alone.
#pragma once

#include "protocol/error.hpp"
#include "storage/objects/s3_transfer.hpp"
#include "storage/payload_store.hpp"

#include <string>

namespace relay::storage::objects {

/// The answer's error code, such as NoSuchKey; empty when it tells none.
[[nodiscard]] std::string error_code_of(const S3Answer& answer);
/// Whether the object, and not the bucket or the whole store, is missing.
[[nodiscard]] bool is_missing_object(const S3Answer& answer);
/// An answer that is no success. Always unavailable: a sick store says 403 as well, and none of it is the client's
/// doing.
[[nodiscard]] protocol::Error refusal_of(const char* op, const S3Answer& answer);
/// An answer to ListObjectsV2 with encoding-type=url. Error: unavailable when it is none.
[[nodiscard]] protocol::Result<ObjectPage> read_list(const S3Answer& answer, const std::string& prefix);

} // namespace relay::storage::objects
