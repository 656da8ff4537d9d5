// Where an S3 store is and how it is spoken to: read from `objects.url` and the keys beside it.
#pragma once

#include "protocol/error.hpp"
#include "protocol/time.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace relay::storage::objects {

/// Told of every request when it has ended, on the store's thread: `op` is put, get, head, delete, list or ping;
/// `outcome` is ok, missing, refused (an answer of the store) or failed (no answer).
using StoreObserver = std::function<void(const char* op, const char* outcome, double seconds)>;

struct S3Settings {
    std::string endpoint; ///< "https://host:port"
    std::string bucket;
    std::string prefix; ///< empty, or with "/" at its end
    std::string region = "us-east-1";
    bool virtual_host = false; ///< the bucket in the host's name instead of the path
    std::string ca_file;       ///< PEM; empty: those of the system
    std::string access_key, secret_key;
    protocol::Duration timeout = std::chrono::seconds(20); ///< of a small call; of an upload: without any progress
    int connections = 256;                                 ///< uploads at once; other calls have a quarter as many
    StoreObserver observer;

    /// "https://host:port/bucket/prefix/KEY", or with the bucket in the host. An empty key names the bucket.
    [[nodiscard]] std::string url_of(std::string_view key) const;
};

/// `s3://bucket/prefix?endpoint=http://host:port&region=…&style=path|virtual`. Error: malformed_request that says what
/// is wrong.
[[nodiscard]] protocol::Result<S3Settings> read_s3_url(const std::string& url);

/// %XX decoded; nothing when an escape is not of its form or stands for NUL.
[[nodiscard]] std::optional<std::string> decode_percent(std::string_view text);

} // namespace relay::storage::objects
