#include "auth/authority_files.hpp"

#include "protocol/whole_file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace relay::auth {
namespace {

class FileDescriptor final {
public:
    explicit FileDescriptor(int number) : number_(number) {}
    ~FileDescriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    [[nodiscard]] int get() const noexcept { return number_; }

private:
    int number_;
};

protocol::Error failed(const char* what, const std::filesystem::path& path) {
    return protocol::errors::internal(
        std::string(what) + " " + path.string() + ": " + std::generic_category().message(errno)
    );
}

bool write_whole(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    return true;
}

} // namespace

protocol::Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
    const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) {
        return failed("cannot open", folder);
    }
    FolderLock lock(opened);
    while (::flock(opened, LOCK_EX) != 0) {
        if (errno != EINTR) {
            return failed("cannot lock", folder);
        }
    }
    return lock;
}

FolderLock::~FolderLock() {
    if (folder_ >= 0) {
        ::close(folder_); // and with it the lock
    }
}

protocol::Result<std::string> read_text_file(const std::filesystem::path& path) {
    auto text = protocol::read_whole_file(path);
    if (!text) {
        return failed("cannot read", path);
    }
    return std::move(*text);
}

protocol::Result<void> write_text_file(const std::filesystem::path& path, std::string_view text, mode_t mode) {
    std::string temporary = path.string() + ".XXXXXX";
    const FileDescriptor file(::mkstemp(temporary.data()));
    if (file.get() < 0) {
        return failed("cannot make", temporary);
    }
    if (!write_whole(file.get(), text) || ::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0 ||
        ::rename(temporary.c_str(), path.c_str()) != 0) {
        const protocol::Error error = failed("cannot write", path);
        ::unlink(temporary.c_str());
        return error;
    }
    const FileDescriptor folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0 || ::fsync(folder.get()) != 0) {
        return failed("cannot sync", path.parent_path());
    }
    return {};
}

} // namespace relay::auth
