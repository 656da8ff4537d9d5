// PayloadStore in a folder: ROOT/ab/cd/KEY, written under a temporary name first. For one server, or several on a
// file system that they share.
#pragma once

#include "storage/objects/file_pool.hpp"
#include "storage/objects/last_failure.hpp"
#include "storage/payload_store.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace relay::storage::objects {

class FileObjects final : public PayloadStore {
public:
    /// Makes the folder where it is missing and removes temporary files older than a day.
    /// Error: unavailable with the reason.
    [[nodiscard]] static protocol::Result<std::unique_ptr<FileObjects>>
    open(const std::filesystem::path& root, const FilePoolLimits& limits);

    Awaitable<protocol::Result<std::unique_ptr<ObjectWriter>>>
    create(std::string key, std::int64_t size, std::string sha256_hex) override;
    std::unique_ptr<ObjectReader> open(std::string key, std::int64_t offset, std::int64_t length) override;
    Awaitable<protocol::Result<void>> remove(std::string key) override;
    Awaitable<protocol::Result<bool>> exists(std::string key) override;
    Awaitable<protocol::Result<ObjectPage>> list(std::string after, int limit) override;
    /// Whether the folder may be written; unavailable, too, when the last upload of this minute failed.
    Awaitable<protocol::Result<void>> ping() override;
    void stop() noexcept override;

private:
    FileObjects(std::filesystem::path root, const FilePoolLimits& limits);

    std::filesystem::path root_;
    std::shared_ptr<FilePool> pool_; ///< writers and readers that outlive the store work through it
    std::shared_ptr<LastFailure> last_failure_;
};

} // namespace relay::storage::objects
