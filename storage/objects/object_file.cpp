#include "storage/objects/object_file.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <mutex>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace relay::storage::objects {

using protocol::Error;
using protocol::Result;

namespace {

constexpr std::size_t block = 1U << 20U;
constexpr std::chrono::hours leftover_age{24};

/// The store cannot do it now: full, out of descriptors, broken. Nothing was kept.
Error failed(const char* doing) {
    return protocol::errors::unavailable(std::string(doing) + ": " + std::generic_category().message(errno));
}

bool is_hex(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

class Descriptor final {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
};

Result<void> sync_folder(const std::filesystem::path& folder) {
    const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.number() < 0 || ::fsync(opened.number()) != 0) {
        return failed("fsync of an object folder");
    }
    return {};
}

/// Makes the folder durable in its parent, also when somebody else has just made it.
Result<void> make_folder(const std::filesystem::path& folder) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return failed("making an object folder");
    }
    return sync_folder(folder.parent_path());
}

/// Folders that this process has made durable. That one is there does not tell it: whoever made it may have lost its
/// power before its fsync.
class KnownFolders final {
public:
    /// The folder, and the one above it.
    Result<void> ensure(const std::filesystem::path& folder) {
        {
            const std::lock_guard lock(mutex_);
            if (known_.contains(folder.string())) {
                return {};
            }
        }
        for (const auto& one : {folder.parent_path(), folder}) {
            auto made = make_folder(one);
            if (made.has_error()) {
                return made;
            }
        }
        const std::lock_guard lock(mutex_);
        known_.insert(folder.string());
        return {};
    }
    void forget(const std::filesystem::path& folder) {
        const std::lock_guard lock(mutex_);
        known_.erase(folder.string());
    }

private:
    std::mutex mutex_;
    std::set<std::string> known_; ///< at most 65,536 of each store
};

/// The names in a folder that are hex, of `length` digits (0: object keys), and not before `from`; in order. A folder
/// that is not there has none; one that cannot be read is no empty one.
Result<std::set<std::string>>
names_in(const std::filesystem::path& folder, std::size_t length, const std::string& from) {
    std::set<std::string> names;
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        auto name = entry->path().filename().string();
        const bool fits = length == 0 ? is_object_key(name) : name.size() == length && is_hex(name);
        if (fits && name >= from) {
            names.insert(std::move(name));
        }
    }
    if (failure && failure != std::errc::no_such_file_or_directory && failure != std::errc::not_a_directory) {
        return protocol::errors::unavailable("reading an object folder: " + failure.message());
    }
    return names;
}

std::optional<StoredObject> facts_of(const std::filesystem::path& path) {
    struct stat there {};
    if (::lstat(path.c_str(), &there) != 0 || !S_ISREG(there.st_mode)) {
        return std::nullopt; // removed meanwhile
    }
    StoredObject object;
    object.key = path.filename().string();
    object.size = there.st_size;
    object.written_at = protocol::Time(std::chrono::seconds(there.st_mtim.tv_sec));
    return object;
}

} // namespace

bool is_object_key(const std::string& key) {
    return key.size() >= 8 && key.size() <= 128 && is_hex(key);
}

std::filesystem::path object_path(const std::filesystem::path& root, const std::string& key) {
    return root / key.substr(0, 2) / key.substr(2, 2) / key;
}

ObjectFile::ObjectFile(std::filesystem::path root, std::string key, std::int64_t size)
    : root_(std::move(root)),
      key_(std::move(key)),
      temporary_(root_ / temporary_folder / (key_ + "." + make_object_key())),
      size_(size) {
}

ObjectFile::~ObjectFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
        ::unlink(temporary_.c_str());
    }
}

Result<void> ObjectFile::open() {
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return descriptor_ < 0 ? Result<void>(failed("making an object")) : Result<void>();
}

Result<void> ObjectFile::append(protocol::BytesView data) {
    while (!data.empty()) {
        const auto written = ::write(descriptor_, data.data(), std::min(data.size(), block));
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return failed("writing an object");
        }
        written_ += written;
        data = data.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> ObjectFile::publish() {
    if (written_ != size_) {
        return protocol::errors::internal("an object is not of the size that was announced");
    }
    if (::fsync(descriptor_) != 0) {
        return failed("fsync of an object");
    }
    const auto path = object_path(root_, key_);
    const auto folder = path.parent_path();
    static KnownFolders known;
    auto there = known.ensure(folder);
    if (there.has_error()) {
        return there;
    }
    if (::rename(temporary_.c_str(), path.c_str()) != 0) {
        known.forget(folder); // somebody may have removed it
        return failed("giving an object its name");
    }
    ::close(std::exchange(descriptor_, -1));
    return sync_folder(folder);
}

ObjectSource::~ObjectSource() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

Result<void> ObjectSource::open() {
    if (descriptor_ < 0) {
        descriptor_ = ::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (descriptor_ >= 0) {
        return {};
    }
    return errno == ENOENT ? protocol::errors::not_found("the object is gone") : failed("opening an object");
}

Result<protocol::BytesView> ObjectSource::read(std::int64_t offset, std::int64_t length) {
    const auto opened = open();
    if (!opened) {
        return opened.error();
    }
    piece_.resize(static_cast<std::size_t>(length));
    std::size_t have = 0;
    while (have < piece_.size()) {
        const auto got =
            ::pread(descriptor_, piece_.data() + have, piece_.size() - have, offset + static_cast<off_t>(have));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failed("reading an object");
        }
        if (got == 0) {
            return protocol::errors::internal("an object is shorter than it was when it was stored");
        }
        have += static_cast<std::size_t>(got);
    }
    return protocol::BytesView(piece_);
}

Result<void> remove_object(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return failed("removing an object");
    }
    return {};
}

Result<bool> object_exists(const std::filesystem::path& path) {
    struct stat there {};
    if (::lstat(path.c_str(), &there) == 0) {
        return S_ISREG(there.st_mode);
    }
    return errno == ENOENT ? Result<bool>(false) : Result<bool>(failed("looking for an object"));
}

Result<ObjectPage> list_objects(const std::filesystem::path& root, const std::string& after, int limit) {
    ObjectPage page;
    const auto wanted = static_cast<std::size_t>(limit);
    const auto outers = names_in(root, 2, after.substr(0, 2));
    if (!outers) {
        return outers.error();
    }
    for (const auto& outer : *outers) {
        const bool first_outer = after.starts_with(outer);
        const auto inners = names_in(root / outer, 2, first_outer ? after.substr(2, 2) : std::string());
        if (!inners) {
            return inners.error();
        }
        for (const auto& inner : *inners) {
            const auto keys = names_in(root / outer / inner, 0, after);
            if (!keys) {
                return keys.error();
            }
            for (const auto& key : *keys) {
                if (key <= after || !key.starts_with(outer + inner)) {
                    continue;
                }
                if (page.objects.size() == wanted) {
                    page.next = page.objects.back().key;
                    return page;
                }
                if (auto object = facts_of(root / outer / inner / key)) {
                    page.objects.push_back(std::move(*object));
                }
            }
        }
    }
    return page;
}

Result<void> prepare_folder(const std::filesystem::path& root) {
    const auto temporary = root / temporary_folder;
    std::error_code failure;
    std::filesystem::create_directories(root, failure);
    if (failure || (::mkdir(temporary.c_str(), 0700) != 0 && errno != EEXIST)) {
        return protocol::errors::unavailable(root.string() + ": the folder for objects cannot be made or written");
    }
    if (::access(temporary.c_str(), R_OK | W_OK | X_OK) != 0) {
        return failed("the folder for objects");
    }
    // The one above may be another user's, whom we may not read: then whoever made it answers for it.
    static_cast<void>(sync_folder(root.parent_path()));
    const auto synced = sync_folder(root);
    if (synced.has_error()) {
        return synced;
    }
    const auto now = std::filesystem::file_time_type::clock::now();
    for (std::filesystem::directory_iterator file(temporary, failure), end; !failure && file != end;
         file.increment(failure)) {
        std::error_code ignored; // another process may be cleaning up as well
        const auto written = file->last_write_time(ignored);
        if (!ignored && now - written > leftover_age) {
            std::filesystem::remove(file->path(), ignored);
        }
    }
    return {};
}

} // namespace relay::storage::objects
