#include "server/mailbox/chunk_upload.hpp"

#include "protocol/cms/recipients.hpp"
#include "server/mailbox/refusal.hpp"

#include <algorithm>

namespace relay::server::mailbox {

using protocol::Error;
using protocol::ErrorCode;
using storage::BundleRecord;

namespace {

class AlreadyThere final : public ChunkUpload {
public:
    bool already_there() const noexcept override { return true; }
    Awaitable<Result<void>> write(protocol::BytesView) override { co_return Result<void>(); }
    Awaitable<Result<std::optional<BundleRecord>>> finish() override { co_return std::optional<BundleRecord>(); }
};

class StreamedChunk final : public ChunkUpload {
public:
    StreamedChunk(
        const Sending::Parts& parts, ChunkPlan plan, std::unique_ptr<storage::ObjectWriter> object, std::string key
    )
        : parts_(parts),
          plan_(std::move(plan)),
          object_(std::move(object)),
          key_(std::move(key)) {
        if (!object_) {
            bytes_.reserve(static_cast<std::size_t>(plan_.size));
        }
    }

    bool already_there() const noexcept override { return false; }

    Awaitable<Result<void>> write(protocol::BytesView piece) override {
        written_ += static_cast<std::int64_t>(piece.size());
        if (written_ > plan_.size) {
            co_return Error(ErrorCode::too_large, "more bytes than the chunk has");
        }
        sha256_.update(piece);
        if (!object_) {
            bytes_.insert(bytes_.end(), piece.begin(), piece.end());
            co_return Result<void>();
        }
        keep_head(piece);
        co_return co_await object_->write(piece);
    }

    Awaitable<Result<std::optional<BundleRecord>>> finish() override {
        if (written_ != plan_.size || sha256_.finish() != plan_.sha256) {
            co_return Error(ErrorCode::chunk_digest_mismatch);
        }
        // Judged after the digest: bytes that were damaged on the way must not drop the upload.
        if (plan_.n == 0) {
            auto readable = co_await check_head();
            if (!readable) {
                auto error = readable.error();
                co_return co_await refuse(std::move(error));
            }
        }
        if (object_) {
            auto stored = co_await object_->finish();
            if (!stored) {
                co_return stored.error();
            }
        }
        auto item = make_item();
        auto outcome = co_await parts_.bundles.put_chunk(std::move(item));
        if (!outcome) {
            co_return outcome.error();
        }
        std::optional<BundleRecord> completed;
        if (outcome->completed) {
            completed = std::move(outcome->bundle);
        }
        co_return completed;
    }

private:
    void keep_head(protocol::BytesView piece) {
        if (plan_.n != 0 || bytes_.size() >= protocol::cms::max_head_bytes) {
            return;
        }
        const auto room = std::min(piece.size(), protocol::cms::max_head_bytes - bytes_.size());
        bytes_.insert(bytes_.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(room));
    }

    [[nodiscard]] Result<void> judge_head() const {
        return check_encryption(
            bytes_, plan_.bundle.payload_size, plan_.bundle.recipient, parts_.directory, parts_.clock()
        );
    }

    Awaitable<Result<void>> check_head() {
        auto readable = judge_head();
        if (!readable) {
            co_await parts_.directory.refresh();
            readable = judge_head();
        }
        co_return readable;
    }

    /// Refused for good, the upload can never become a bundle: it is dropped, and the log says why. Where another call
    /// has completed it meanwhile, this one repeats a chunk that is there.
    Awaitable<Result<std::optional<BundleRecord>>> refuse(Error error) {
        RefusedFacts facts;
        facts.bundle_id = plan_.bundle.bundle_id;
        facts.sender = plan_.bundle.sender;
        facts.recipient = plan_.bundle.recipient;
        facts.manifest_sha256 = plan_.bundle.manifest_sha256;
        auto refusal = make_refusal(plan_.party, error.code, std::move(facts), parts_.clock());
        const auto dropped =
            co_await parts_.bundles.drop_upload(plan_.bundle.bundle_id, plan_.bundle.upload_id, std::move(refusal));
        if (!dropped) {
            co_return dropped.error();
        }
        if (*dropped) {
            co_return error;
        }
        const auto now = co_await parts_.bundles.find(plan_.bundle.bundle_id, false);
        if (!now) {
            co_return now.error();
        }
        if (!now->has_value() || (*now)->upload_id != plan_.bundle.upload_id) {
            co_return protocol::errors::not_found("no such upload any more");
        }
        co_return std::optional<BundleRecord>();
    }

    [[nodiscard]] storage::ChunkItem make_item() {
        storage::ChunkItem item;
        item.attempt = new_attempt(plan_.party, parts_.clock());
        item.bundle_id = plan_.bundle.bundle_id;
        item.upload_id = plan_.bundle.upload_id;
        item.n = plan_.n;
        item.size = plan_.size;
        item.sha256 = plan_.sha256;
        if (object_) {
            item.object_key = key_;
        } else {
            item.bytes = std::move(bytes_);
        }
        return item;
    }

    const Sending::Parts& parts_;
    ChunkPlan plan_;
    std::unique_ptr<storage::ObjectWriter> object_;
    std::string key_;
    Bytes bytes_; ///< all of a small payload; of an object the head of chunk 0 alone
    protocol::Sha256 sha256_;
    std::int64_t written_ = 0;
};

} // namespace

std::unique_ptr<ChunkUpload> chunk_already_there() {
    return std::make_unique<AlreadyThere>();
}

Awaitable<Result<std::unique_ptr<ChunkUpload>>> open_chunk(const Sending::Parts& parts, ChunkPlan plan) {
    std::unique_ptr<storage::ObjectWriter> object;
    std::string key;
    if (!plan.in_database) {
        key = storage::make_object_key();
        auto announced = co_await parts.bundles.announce_object(key);
        if (!announced) {
            co_return announced.error();
        }
        auto created = co_await parts.payloads.create(key, plan.size, plan.sha256.hex());
        if (!created) {
            co_return created.error();
        }
        object = std::move(*created);
    }
    std::unique_ptr<ChunkUpload> chunk =
        std::make_unique<StreamedChunk>(parts, std::move(plan), std::move(object), std::move(key));
    co_return chunk;
}

} // namespace relay::server::mailbox
