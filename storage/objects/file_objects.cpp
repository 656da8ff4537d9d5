#include "storage/objects/file_objects.hpp"

#include "storage/objects/object_file.hpp"

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace relay::storage::objects {

using protocol::Result;

namespace {

constexpr std::size_t block_size = 256UL * 1024;

protocol::Error bad_key() {
    return protocol::errors::internal("an object key that is not of its form");
}

/// What an upload writes, shared with the job that writes it. Pieces are as small as TLS records: a thread of the pool
/// is asked for a block of them at a time, for waking it costs more than writing them.
struct Upload {
    explicit Upload(std::unique_ptr<ObjectFile> opened) : file(std::move(opened)) {}

    /// As much of `data` as there is room for.
    std::size_t collect(protocol::BytesView data) {
        const auto count = std::min(data.size(), block_size - filled);
        std::copy_n(data.begin(), count, block.get() + filled);
        filled += count;
        return count;
    }
    Result<void> append() { return file->append({block.get(), std::exchange(filled, 0)}); }

    std::unique_ptr<ObjectFile> file;
    std::unique_ptr<std::uint8_t[]> block = std::make_unique_for_overwrite<std::uint8_t[]>(block_size);
    std::size_t filled = 0;
};

class FileWriter final : public ObjectWriter {
public:
    FileWriter(
        std::shared_ptr<FilePool> pool, std::shared_ptr<LastFailure> last_failure, std::unique_ptr<ObjectFile> file
    )
        : pool_(std::move(pool)),
          last_failure_(std::move(last_failure)),
          upload_(std::make_shared<Upload>(std::move(file))) {}
    ~FileWriter() override {
        // Closing and unlinking can wait for the disk, which the caller's thread must not.
        pool_->submit_cleanup([upload = std::move(upload_)]() mutable { upload.reset(); });
    }
    FileWriter(const FileWriter&) = delete;
    FileWriter& operator=(const FileWriter&) = delete;

    Awaitable<Result<void>> write(protocol::BytesView data) override {
        while (!data.empty()) {
            if (failed_) {
                co_return gone_wrong();
            }
            data = data.subspan(upload_->collect(data));
            if (upload_->filled < block_size) {
                break;
            }
            auto written = co_await append();
            if (!written) {
                failed_ = true;
                co_return written;
            }
        }
        co_return Result<void>();
    }
    Awaitable<Result<void>> finish() override {
        if (failed_) {
            co_return gone_wrong();
        }
        auto published = co_await publish();
        failed_ = published.has_error();
        co_return published;
    }

private:
    static Result<void> gone_wrong() {
        return protocol::errors::unavailable("an object of which a piece could not be written");
    }
    Awaitable<Result<void>> publish() {
        return pool_->submit<void>([upload = upload_, last = last_failure_] {
            auto done = upload->append();
            if (done) {
                done = upload->file->publish();
            }
            // Bytes that are not as many as were announced are nothing of the store's.
            if (done || done.error().code == protocol::ErrorCode::unavailable) {
                last->note(done.has_error());
            }
            return done;
        });
    }
    Awaitable<Result<void>> append() {
        return pool_->submit<void>([upload = upload_, last = last_failure_] {
            auto written = upload->append();
            if (written.has_error()) {
                last->note(true);
            }
            return written;
        });
    }

    std::shared_ptr<FilePool> pool_;
    std::shared_ptr<LastFailure> last_failure_;
    std::shared_ptr<Upload> upload_;
    bool failed_ = false; ///< a job that was not done in time may still be at the upload's block
};

class FileReader final : public ObjectReader {
public:
    FileReader(std::shared_ptr<FilePool> pool, std::filesystem::path path, std::int64_t offset, std::int64_t length)
        : pool_(std::move(pool)),
          at_(offset),
          end_(offset + length) {
        if (!path.empty() && offset >= 0 && length >= 0) {
            source_ = std::make_shared<ObjectSource>(path);
            path_ = std::move(path);
        }
    }

    Awaitable<Result<protocol::BytesView>> next() override {
        if (!source_) {
            co_return bad_key();
        }
        const auto wanted = std::min(static_cast<std::int64_t>(block_size), end_ - at_);
        if (wanted == 0) {
            co_return protocol::BytesView();
        }
        auto piece = co_await read(wanted);
        if (piece) {
            at_ += wanted;
        } else {
            source_ =
                std::make_shared<ObjectSource>(path_); // a job that was not done in time may still be at the other
        }
        co_return piece;
    }

private:
    Awaitable<Result<protocol::BytesView>> read(std::int64_t length) {
        return pool_->submit<protocol::BytesView>([source = source_, offset = at_, length] {
            return source->read(offset, length);
        });
    }

    std::shared_ptr<FilePool> pool_;
    std::filesystem::path path_;
    std::shared_ptr<ObjectSource> source_; ///< shared with the job that reads
    std::int64_t at_;
    std::int64_t end_;
};

} // namespace

Result<std::unique_ptr<FileObjects>>
FileObjects::open(const std::filesystem::path& root, const FilePoolLimits& limits) {
    const auto ready = prepare_folder(root);
    if (ready.has_error()) {
        return ready.error();
    }
    return std::unique_ptr<FileObjects>(new FileObjects(root, limits));
}

FileObjects::FileObjects(std::filesystem::path root, const FilePoolLimits& limits)
    : root_(std::move(root)),
      pool_(std::make_shared<FilePool>(limits)),
      last_failure_(std::make_shared<LastFailure>()) {
}

Awaitable<Result<std::unique_ptr<ObjectWriter>>>
FileObjects::create(std::string key, std::int64_t size, std::string /*sha256_hex: checked while it is received*/) {
    using Created = std::unique_ptr<ObjectWriter>;
    std::weak_ptr<FilePool> weak = pool_; // the pool's own threads must not be the last to hold it
    const auto job = [root = root_, key = std::move(key), size, weak, last = last_failure_]() -> Result<Created> {
        if (!is_object_key(key)) {
            return bad_key();
        }
        auto file = std::make_unique<ObjectFile>(root, key, size);
        const auto opened = file->open();
        if (opened.has_error()) {
            last->note(true);
            return opened.error();
        }
        auto pool = weak.lock();
        if (!pool) {
            return protocol::errors::unavailable("the payload store is closing");
        }
        return Created(std::make_unique<FileWriter>(std::move(pool), last, std::move(file)));
    };
    return pool_->submit<Created>(job);
}

std::unique_ptr<ObjectReader> FileObjects::open(std::string key, std::int64_t offset, std::int64_t length) {
    auto path = is_object_key(key) ? object_path(root_, key) : std::filesystem::path();
    return std::make_unique<FileReader>(pool_, std::move(path), offset, length);
}

Awaitable<Result<void>> FileObjects::remove(std::string key) {
    return pool_->submit<void>([root = root_, key = std::move(key)]() -> Result<void> {
        if (!is_object_key(key)) {
            return bad_key();
        }
        return remove_object(object_path(root, key));
    });
}

Awaitable<Result<bool>> FileObjects::exists(std::string key) {
    return pool_->submit<bool>([root = root_, key = std::move(key)]() -> Result<bool> {
        return is_object_key(key) ? object_exists(object_path(root, key)) : Result<bool>(bad_key());
    });
}

Awaitable<Result<ObjectPage>> FileObjects::list(std::string after, int limit) {
    return pool_->submit<ObjectPage>([root = root_, after = std::move(after), limit]() -> Result<ObjectPage> {
        return list_objects(root, after, limit);
    });
}

Awaitable<Result<void>> FileObjects::ping() {
    return pool_->submit<void>([folder = root_ / temporary_folder, last = last_failure_]() -> Result<void> {
        if (last->recent()) {
            return protocol::errors::unavailable("the last object could not be written");
        }
        if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
            return protocol::errors::unavailable("the folder for objects cannot be written");
        }
        return {};
    });
}

void FileObjects::stop() noexcept {
    pool_->stop();
}

} // namespace relay::storage::objects
