// Files of our own CA: read whole, written so that a crash leaves the old or the new one. Included by sources only.
#pragma once

#include "protocol/error.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

namespace relay::auth {

/// Error: internal with the path and the system's reason.
[[nodiscard]] protocol::Result<std::string> read_text_file(const std::filesystem::path& path);
/// Shuts out every other holder, in this process and others, until it is destroyed.
class FolderLock final {
public:
    /// Waits for the lock. Error as above.
    [[nodiscard]] static protocol::Result<FolderLock> take(const std::filesystem::path& folder);
    FolderLock(FolderLock&& other) noexcept : folder_(std::exchange(other.folder_, -1)) {}
    FolderLock& operator=(FolderLock&&) = delete;
    ~FolderLock();

private:
    explicit FolderLock(int folder) : folder_(folder) {}
    int folder_; ///< open, with the lock on it; -1: moved away
};
/// Temporary name in the same folder, fsync, rename, fsync of the folder. Error as above.
[[nodiscard]] protocol::Result<void>
write_text_file(const std::filesystem::path& path, std::string_view text, mode_t mode);

} // namespace relay::auth
