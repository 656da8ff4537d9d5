// Files and folders as the client needs them: durable writes, temporary folders, digests, and nothing overwritten.
#pragma once

#include "client/failure.hpp"
#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace relay::client {

namespace fs = std::filesystem;

/// Told how many bytes were dealt with since it was last called. May be empty.
using Meter = std::function<void(std::uint64_t bytes)>;
/// Takes bytes; false when they could not be written.
using Sink = std::function<bool(protocol::BytesView bytes)>;

inline constexpr std::size_t piece_bytes = 256 * 1024;

/// A file descriptor that closes itself.
class File {
public:
    [[nodiscard]] static Outcome<File> open_to_read(const fs::path& path);
    /// Mode 0600. Fails when the path exists.
    [[nodiscard]] static Outcome<File> create(const fs::path& path);
    /// Mode 0600, reading and writing, made when it is missing.
    [[nodiscard]] static Outcome<File> open_or_create(const fs::path& path);

    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    ~File();

    /// Bytes read, 0 at the end.
    [[nodiscard]] Outcome<std::size_t> read(void* to, std::size_t size);
    /// Reads exactly `size` bytes at `offset`; nothing more or less is a failure.
    [[nodiscard]] Outcome<protocol::Bytes> read_at(std::uint64_t offset, std::size_t size);
    /// At most `size` bytes at `offset`, 0 at the end. Thread-safe, as read_at() and write_at() are.
    [[nodiscard]] Outcome<std::size_t> read_some_at(std::uint64_t offset, void* to, std::size_t size) const;
    [[nodiscard]] Outcome<void> write(protocol::BytesView bytes);
    [[nodiscard]] Outcome<void> write_at(std::uint64_t offset, protocol::BytesView bytes);
    [[nodiscard]] Outcome<std::uint64_t> size() const;
    [[nodiscard]] Outcome<void> sync();
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

private:
    File(int descriptor, fs::path path) : descriptor_(descriptor), path_(std::move(path)) {}
    [[nodiscard]] static Outcome<File> open(const fs::path& path, int flags);

    int descriptor_ = -1;
    fs::path path_;
};

/// Mode 0700, removed with all that is in it.
class TemporaryFolder {
public:
    [[nodiscard]] static Outcome<TemporaryFolder> make();
    TemporaryFolder(TemporaryFolder&& other) noexcept;
    TemporaryFolder& operator=(TemporaryFolder&&) = delete;
    ~TemporaryFolder();
    [[nodiscard]] const fs::path& path() const noexcept { return path_; }

private:
    explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
    fs::path path_;
};

/// The whole of a file that is at most `most` bytes.
[[nodiscard]] Outcome<std::string> read_whole(const fs::path& path, std::size_t most);
/// Replaces the file at once (a hidden temporary file beside it, fsync, rename, fsync of the folder).
[[nodiscard]] Outcome<void> write_durably(const fs::path& path, std::string_view content);
[[nodiscard]] Outcome<void> sync_folder(const fs::path& folder);
/// Mode 0700, with its parents; fine when it is there.
[[nodiscard]] Outcome<void> make_folder(const fs::path& folder);
/// Renames; fails when `to` exists, even as an empty folder.
[[nodiscard]] Outcome<void> move_without_replacing(const fs::path& from, const fs::path& to);
/// Makes the file when it is missing, and holds it until the returned file closes; nothing when another process holds
/// it. Whoever holds it may remove it.
[[nodiscard]] Outcome<std::optional<File>> try_lock(const fs::path& path);

struct Measured {
    std::uint64_t size = 0;
    protocol::Digest sha256;
};
[[nodiscard]] Outcome<Measured> measure(const fs::path& path);

} // namespace relay::client
