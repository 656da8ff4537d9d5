// PayloadStore in a bucket of an S3 store (Ceph RGW, MinIO, a cloud's): PREFIX/KEY. For any number of server processes.
#pragma once

#include "storage/objects/last_failure.hpp"
#include "storage/objects/s3_engine.hpp"
#include "storage/payload_store.hpp"

#include <memory>
#include <string>

namespace relay::storage::objects {

class S3Objects final : public PayloadStore {
public:
    /// Asks the store nothing yet: it may come later than the relay. Error: internal.
    [[nodiscard]] static protocol::Result<std::unique_ptr<S3Objects>> open(S3Settings settings);

    /// The store checks the digest of what arrives, too. Uploads in flight are bounded; beyond that unavailable.
    Awaitable<protocol::Result<std::unique_ptr<ObjectWriter>>>
    create(std::string key, std::int64_t size, std::string sha256_hex) override;
    std::unique_ptr<ObjectReader> open(std::string key, std::int64_t offset, std::int64_t length) override;
    Awaitable<protocol::Result<void>> remove(std::string key) override;
    Awaitable<protocol::Result<bool>> exists(std::string key) override;
    Awaitable<protocol::Result<ObjectPage>> list(std::string after, int limit) override;
    /// A list that the store must look up; unavailable, too, when its last upload of this minute failed.
    Awaitable<protocol::Result<void>> ping() override;
    void stop() noexcept override;

private:
    explicit S3Objects(std::shared_ptr<S3Engine> engine);

    std::shared_ptr<S3Engine> engine_; ///< writers and readers may outlive the store
    std::shared_ptr<LastFailure> last_failure_;
};

} // namespace relay::storage::objects
