// The store that `objects.url` names. Used where the server is put together.
#pragma once

#include "storage/objects/file_objects.hpp"
#include "storage/objects/s3_settings.hpp"
#include "storage/payload_store.hpp"

#include <memory>
#include <string>

namespace relay::storage::objects {

struct StoreOptions {
    std::string access_key, secret_key;
    std::string ca_file;                                   ///< PEM, for https; empty: the system's
    protocol::Duration timeout = std::chrono::seconds(20); ///< of a call; of an S3 upload without progress
    int connections = 256;                                 ///< uploads to an S3 store at once
    StoreObserver observer;                                ///< of an S3 store's requests
    FilePoolLimits files;                                  ///< but for its time, which is that above
};

/// `file:///absolute/path` or `s3://bucket/prefix?endpoint=…` (s3_settings.hpp). Error: malformed_request with a clear
/// cause for anything else; unavailable for a folder that cannot be written. An S3 store need not answer yet.
[[nodiscard]] protocol::Result<std::unique_ptr<PayloadStore>>
make_payload_store(const std::string& url, const StoreOptions& options = StoreOptions());

} // namespace relay::storage::objects
