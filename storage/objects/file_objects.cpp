#include "storage/objects/file_objects.hpp"

#include "storage/objects/object_file.hpp"

#include <unistd.h>
#include <utility>

namespace relay::storage::objects {

using protocol::Result;

namespace {

constexpr std::int64_t max_read = 1LL << 20;

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

Awaitable<Result<protocol::Bytes>> FileObjects::read(std::string key, std::int64_t offset, std::int64_t length) {
    return pool_->submit<protocol::Bytes>(
        [root = root_, key = std::move(key), offset, length]() -> Result<protocol::Bytes> {
            if (!is_object_key(key) || offset < 0 || length < 0 || length > max_read) {
                return bad_key();
            }
            return read_object(object_path(root, key), offset, length);
        }
    );
}

Awaitable<Result<void>> FileObjects::remove(std::string key) {
    return pool_->submit<void>([root = root_, key = std::move(key)]() -> Result<void> {
        if (!is_object_key(key)) {
            return bad_key();
        }
        return remove_object(object_path(root, key));
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
