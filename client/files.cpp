#include "client/files.hpp"

#include "client/words.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace relay::client {
namespace {

int rename_where_nothing_is(const fs::path& from, const fs::path& to) {
    struct stat about {};
    if (::lstat(to.c_str(), &about) == 0) {
        errno = EEXIST;
    }
    return errno == ENOENT ? std::rename(from.c_str(), to.c_str()) : -1;
}

} // namespace

Outcome<File> File::open(const fs::path& path, int flags) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return system_failure(path.string());
    }
    return File(descriptor, path);
}

Outcome<File> File::open_to_read(const fs::path& path) {
    return open(path, O_RDONLY);
}

Outcome<File> File::create(const fs::path& path) {
    return open(path, O_WRONLY | O_CREAT | O_EXCL);
}

Outcome<File> File::open_or_create(const fs::path& path) {
    return open(path, O_RDWR | O_CREAT);
}

File::File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {
}

File& File::operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(path_, other.path_);
    return *this;
}

File::~File() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

Outcome<std::size_t> File::read(void* to, std::size_t size) {
    ssize_t got = -1;
    do {
        got = ::read(descriptor_, to, size);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return system_failure(path_.string());
    }
    return static_cast<std::size_t>(got);
}

Outcome<std::size_t> File::read_some_at(std::uint64_t offset, void* to, std::size_t size) const {
    while (true) {
        const auto got = ::pread(descriptor_, to, size, static_cast<off_t>(offset));
        if (got >= 0) {
            return static_cast<std::size_t>(got);
        }
        if (errno != EINTR) {
            return system_failure(path_.string());
        }
    }
}

Outcome<protocol::Bytes> File::read_at(std::uint64_t offset, std::size_t size) {
    protocol::Bytes bytes(size);
    std::size_t done = 0;
    while (done < size) {
        const auto got = ::pread(descriptor_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return system_failure(path_.string());
        }
        if (got == 0) {
            return local_failure(path_.string() + words(": shorter than expected", ": 予想より短いファイルです"));
        }
        done += static_cast<std::size_t>(got);
    }
    return bytes;
}

Outcome<void> File::write(protocol::BytesView bytes) {
    while (!bytes.empty()) {
        const auto put = ::write(descriptor_, bytes.data(), bytes.size());
        if (put < 0 && errno != EINTR) {
            return system_failure(path_.string());
        }
        bytes = bytes.subspan(put > 0 ? static_cast<std::size_t>(put) : 0);
    }
    return {};
}

Outcome<void> File::write_at(std::uint64_t offset, protocol::BytesView bytes) {
    while (!bytes.empty()) {
        const auto put = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno != EINTR) {
            return system_failure(path_.string());
        }
        const auto count = put > 0 ? static_cast<std::size_t>(put) : 0;
        bytes = bytes.subspan(count);
        offset += count;
    }
    return {};
}

Outcome<std::uint64_t> File::size() const {
    struct stat about {};
    if (::fstat(descriptor_, &about) != 0) {
        return system_failure(path_.string());
    }
    return static_cast<std::uint64_t>(about.st_size);
}

Outcome<void> File::sync() {
    if (::fsync(descriptor_) != 0) {
        return system_failure(path_.string());
    }
    return {};
}

Outcome<TemporaryFolder> TemporaryFolder::make() {
    std::error_code error;
    const auto parent = fs::temp_directory_path(error);
    std::string name = (error ? fs::path("/tmp") : parent) / "relay-client-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
        return system_failure(name);
    }
    return TemporaryFolder(name);
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, fs::path())) {
}

TemporaryFolder::~TemporaryFolder() {
    if (!path_.empty()) {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
}

Outcome<std::string> read_whole(const fs::path& path, std::size_t most) {
    auto file = File::open_to_read(path);
    if (!file) {
        return file.error();
    }
    std::string content;
    std::string piece(64 * 1024, '\0');
    while (true) {
        const auto got = file->read(piece.data(), piece.size());
        if (!got) {
            return got.error();
        }
        if (*got == 0) {
            return content;
        }
        content.append(piece, 0, *got);
        if (content.size() > most) {
            return local_failure(
                path.string() + words(": larger than {0} bytes", ": {0}バイトを超えています", {std::to_string(most)})
            );
        }
    }
}

Outcome<void> write_durably(const fs::path& path, std::string_view content) {
    const auto temporary = path.parent_path() / ("." + path.filename().string() + ".relay-new");
    std::error_code ignored;
    fs::remove(temporary, ignored);
    auto file = File::create(temporary);
    if (!file) {
        return file.error();
    }
    if (auto written = file->write(protocol::as_bytes(content)); !written) {
        return written;
    }
    if (auto synced = file->sync(); !synced) {
        return synced;
    }
    if (std::rename(temporary.c_str(), path.c_str()) != 0) {
        return system_failure(path.string());
    }
    return sync_folder(path.parent_path());
}

Outcome<void> sync_folder(const fs::path& folder) {
    auto opened = File::open_to_read(folder.empty() ? fs::path(".") : folder);
    if (!opened) {
        return opened.error();
    }
    return opened->sync();
}

Outcome<void> make_folder(const fs::path& folder) {
    std::error_code error;
    const bool made = fs::create_directories(folder, error);
    if (error) {
        return local_failure(folder.string() + ": " + words_of(error));
    }
    if (made) {
        fs::permissions(folder, fs::perms::owner_all, error);
    }
    return {};
}

Outcome<void> move_without_replacing(const fs::path& from, const fs::path& to) {
    int moved = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
    if (moved != 0 && (errno == EINVAL || errno == ENOSYS)) { // some file systems, network ones above all, cannot
        moved = rename_where_nothing_is(from, to);
    }
    return moved == 0 ? sync_folder(to.parent_path()) : system_failure(to.string());
}

Outcome<std::optional<File>> try_lock(const fs::path& path) {
    while (true) {
        auto file = File::open_or_create(path);
        if (!file) {
            return file.error();
        }
        if (::flock(file->descriptor(), LOCK_EX | LOCK_NB) != 0) {
            return errno == EWOULDBLOCK ? Outcome<std::optional<File>>(std::nullopt) : system_failure(path.string());
        }
        // Its last holder may have removed it in between: then the name is another file's, which others lock.
        struct stat held {
        }, named{};
        if (::fstat(file->descriptor(), &held) != 0) {
            return system_failure(path.string());
        }
        if (::stat(path.c_str(), &named) == 0 && named.st_dev == held.st_dev && named.st_ino == held.st_ino) {
            return std::optional(*std::move(file));
        }
    }
}

Outcome<Measured> measure(const fs::path& path) {
    auto file = File::open_to_read(path);
    if (!file) {
        return file.error();
    }
    Measured measured;
    protocol::Sha256 hash;
    protocol::Bytes piece(piece_bytes);
    while (true) {
        const auto got = file->read(piece.data(), piece.size());
        if (!got) {
            return got.error();
        }
        if (*got == 0) {
            break;
        }
        hash.update(protocol::BytesView(piece).first(*got));
        measured.size += *got;
    }
    measured.sha256 = hash.finish();
    return measured;
}

} // namespace relay::client
