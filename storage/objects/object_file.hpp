// One object as a file: the blocking system calls of FileObjects, each with its error.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/error.hpp"
#include "storage/payload_store.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace relay::storage::objects {

inline constexpr std::string_view temporary_folder = "tmp";

/// Lower-case hex, 8 to 128 digits.
[[nodiscard]] bool is_object_key(const std::string& key);
/// ROOT/ab/cd/KEY
[[nodiscard]] std::filesystem::path object_path(const std::filesystem::path& root, const std::string& key);

/// A file under a temporary name, which publish() gives its place. Not published: nothing of it stays.
class ObjectFile final {
public:
    ObjectFile(std::filesystem::path root, std::string key, std::int64_t size);
    ~ObjectFile();
    ObjectFile(const ObjectFile&) = delete;
    ObjectFile& operator=(const ObjectFile&) = delete;

    [[nodiscard]] protocol::Result<void> open();
    [[nodiscard]] protocol::Result<void> append(protocol::BytesView data);
    /// fsync of the file, rename, fsync of the folders. Error: internal when it is not of the size announced.
    [[nodiscard]] protocol::Result<void> publish();

private:
    std::filesystem::path root_;
    std::string key_;
    std::filesystem::path temporary_;
    std::int64_t size_;
    std::int64_t written_ = 0;
    int descriptor_ = -1;
};

/// An object that is read piece by piece, each into the same memory.
class ObjectSource final {
public:
    explicit ObjectSource(std::filesystem::path path) : path_(std::move(path)) {}
    ~ObjectSource();
    ObjectSource(const ObjectSource&) = delete;
    ObjectSource& operator=(const ObjectSource&) = delete;

    /// Valid until the next call. Errors: not_found when the object is gone, internal when it is too short.
    [[nodiscard]] protocol::Result<protocol::BytesView> read(std::int64_t offset, std::int64_t length);

private:
    [[nodiscard]] protocol::Result<void> open();

    std::filesystem::path path_;
    protocol::Bytes piece_;
    int descriptor_ = -1;
};

[[nodiscard]] protocol::Result<void> remove_object(const std::filesystem::path& path);
[[nodiscard]] protocol::Result<bool> object_exists(const std::filesystem::path& path);
/// At most `limit` objects behind `after`, in the order of their keys; what is no object of ours is passed over.
[[nodiscard]] protocol::Result<ObjectPage>
list_objects(const std::filesystem::path& root, const std::string& after, int limit);
/// The folder and its temporary one; removes what a crash left there more than a day ago.
[[nodiscard]] protocol::Result<void> prepare_folder(const std::filesystem::path& root);

} // namespace relay::storage::objects
