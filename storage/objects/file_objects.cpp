#include "storage/objects/file_objects.hpp"

#include "storage/objects/object_file.hpp"

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace relay::storage::objects {

using protocol::Result;

namespace {

constexpr std::int64_t piece_size = 256 * 1024;

protocol::Error bad_key() {
    return protocol::errors::internal("an object key that is not of its form");
}

class FileWriter final : public ObjectWriter {
public:
    FileWriter(std::shared_ptr<FilePool> pool, std::unique_ptr<ObjectFile> file)
        : pool_(std::move(pool)),
          file_(std::move(file)) {}
    ~FileWriter() override {
        // Closing and unlinking can wait for the disk, which the caller's thread must not.
        pool_->submit_cleanup([file = std::shared_ptr<ObjectFile>(std::move(file_))]() mutable { file.reset(); });
    }
    FileWriter(const FileWriter&) = delete;
    FileWriter& operator=(const FileWriter&) = delete;

    Awaitable<Result<void>> write(protocol::BytesView data) override {
        return pool_->submit<void>([file = file_.get(), data] { return file->append(data); });
    }
    Awaitable<Result<void>> finish() override {
        return pool_->submit<void>([file = file_.get()] { return file->publish(); });
    }

private:
    std::shared_ptr<FilePool> pool_;
    std::unique_ptr<ObjectFile> file_;
};

class FileReader final : public ObjectReader {
public:
    FileReader(std::shared_ptr<FilePool> pool, std::filesystem::path path, std::int64_t offset, std::int64_t length)
        : pool_(std::move(pool)),
          path_(std::move(path)),
          at_(offset),
          end_(offset + length) {}

    Awaitable<Result<protocol::BytesView>> next() override {
        if (path_.empty() || at_ < 0 || end_ < at_) {
            co_return bad_key();
        }
        const auto wanted = std::min(piece_size, end_ - at_);
        if (wanted == 0) {
            co_return protocol::BytesView();
        }
        auto piece = co_await read(wanted);
        if (!piece) {
            co_return piece.error();
        }
        at_ += wanted;
        piece_ = std::move(*piece);
        co_return protocol::BytesView(piece_);
    }

private:
    Awaitable<Result<protocol::Bytes>> read(std::int64_t length) {
        return pool_->submit<protocol::Bytes>([path = path_, offset = at_, length] {
            return read_object(path, offset, length);
        });
    }

    std::shared_ptr<FilePool> pool_;
    std::filesystem::path path_;
    std::int64_t at_;
    std::int64_t end_;
    protocol::Bytes piece_;
};

} // namespace

Result<std::unique_ptr<FileObjects>>
FileObjects::open(const std::filesystem::path& root, const FileObjectsLimits& limits) {
    const auto ready = prepare_folder(root);
    if (ready.has_error()) {
        return ready.error();
    }
    return std::unique_ptr<FileObjects>(new FileObjects(root, limits));
}

FileObjects::FileObjects(std::filesystem::path root, const FileObjectsLimits& limits)
    : root_(std::move(root)),
      pool_(std::make_shared<FilePool>(limits.threads, limits.queue)) {
}

Awaitable<Result<std::unique_ptr<ObjectWriter>>>
FileObjects::create(std::string key, std::int64_t size, std::string /*sha256_hex: checked while it is received*/) {
    using Created = std::unique_ptr<ObjectWriter>;
    std::weak_ptr<FilePool> weak = pool_; // the pool's own threads must not be the last to hold it
    return pool_->submit<Created>([root = root_, key = std::move(key), size, weak]() -> Result<Created> {
        if (!is_object_key(key)) {
            return bad_key();
        }
        auto file = std::make_unique<ObjectFile>(root, key, size);
        const auto opened = file->open();
        if (opened.has_error()) {
            return opened.error();
        }
        auto pool = weak.lock();
        if (!pool) {
            return protocol::errors::unavailable("the payload store is closing");
        }
        return Created(std::make_unique<FileWriter>(std::move(pool), std::move(file)));
    });
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
    return pool_->submit<void>([folder = root_ / temporary_folder]() -> Result<void> {
        if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
            return protocol::errors::unavailable("the folder for objects cannot be written");
        }
        return {};
    });
}

} // namespace relay::storage::objects
