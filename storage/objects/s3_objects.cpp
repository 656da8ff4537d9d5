#include "storage/objects/s3_objects.hpp"

#include "storage/objects/object_file.hpp"
#include "storage/objects/s3_answers.hpp"

#include <algorithm>
#include <utility>

namespace relay::storage::objects {

using protocol::BytesView;
using protocol::Result;

namespace {

// A gateway's work for a GiB, measured on Ceph RGW: 5.2 s of CPU in pieces of 512 KiB, 3 s in these, 2 s in one.
constexpr std::int64_t piece_size = 1024 * 1024;
constexpr auto ping_patience = std::chrono::seconds(5);
/// Who uploads has deadlines of their own, and the store's progress is watched.
constexpr auto upload_patience = std::chrono::hours(24);
constexpr const char* unsigned_payload = "x-amz-content-sha256: UNSIGNED-PAYLOAD";

protocol::Error bad_key() {
    return protocol::errors::internal("an object key that is not of its form");
}

S3Request request_of(const char* op, std::string method, std::string key) {
    S3Request request;
    request.op = op;
    request.method = std::move(method);
    request.key = std::move(key);
    request.headers = {unsigned_payload};
    return request;
}

std::string encode(const std::string& text) {
    std::unique_ptr<char, void (*)(void*)> encoded(
        curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())), &curl_free
    );
    return encoded ? std::string(encoded.get()) : std::string();
}

S3Request list_request(const char* op, const S3Settings& settings, const std::string& after, int limit) {
    auto request = request_of(op, "GET", "");
    request.query = "encoding-type=url&list-type=2&max-keys=" + std::to_string(limit);
    if (!settings.prefix.empty()) {
        request.query += "&prefix=" + encode(settings.prefix);
    }
    if (!after.empty()) {
        request.query += "&start-after=" + encode(settings.prefix + after);
    }
    request.most_answer = 4 << 20;
    return request;
}

class S3Writer final : public ObjectWriter {
public:
    S3Writer(
        std::shared_ptr<S3Engine> engine,
        std::shared_ptr<LastFailure> last_failure,
        std::string key,
        std::int64_t size,
        const std::string& sha256_hex
    )
        : engine_(std::move(engine)),
          last_failure_(std::move(last_failure)),
          key_(std::move(key)),
          pipe_(std::make_shared<UploadPipe>(size, [engine = engine_.get()] { engine->wake(); })),
          stored_(std::make_shared<Pending<S3Answer>>()) {
        auto request = request_of("put", "PUT", key_);
        request.headers = {"Content-Type: application/octet-stream", "x-amz-content-sha256: " + sha256_hex};
        request.body = pipe_;
        engine_->submit(
            std::move(request),
            upload_patience,
            [pipe = pipe_, stored = stored_, last_failure = last_failure_](Result<S3Answer> answer, bool begun) {
                const bool failed = !answer || !answer->good();
                // What never began, a writer that left, bytes that are not those of the digest: nothing of the store's.
                if (begun && !pipe->abandoned() && !(answer && answer->status == 400)) {
                    last_failure->note(failed);
                }
                pipe->end(!answer ? answer.error() : refusal_of("put", *answer));
                stored->set(std::move(answer));
            }
        );
    }
    ~S3Writer() override { pipe_->abandon(); }
    S3Writer(const S3Writer&) = delete;
    S3Writer& operator=(const S3Writer&) = delete;

    Awaitable<Result<void>> write(BytesView data) override {
        written_ += static_cast<std::int64_t>(data.size());
        const bool done = pipe_->try_write(data);
        if (done) {
            co_return Result<void>();
        }
        auto written = co_await pipe_->write(data);
        co_return written;
    }

    Awaitable<Result<void>> finish() override {
        if (written_ != pipe_->size()) {
            co_return protocol::errors::internal("an object is not of the size that was announced");
        }
        const auto answer = co_await stored_->take();
        if (!answer) {
            co_return answer.error();
        }
        if (!answer->good()) {
            co_return refusal_of("put", *answer);
        }
        // A store may say yes and keep nothing; the bundle is accepted only when the object can be seen.
        const auto pending = engine_->call(request_of("head", "HEAD", key_), engine_->settings().timeout);
        const auto seen = co_await pending->take();
        if (!seen) {
            co_return seen.error();
        }
        const bool same = seen->good() && seen->content_length == pipe_->size() && seen->etag == answer->etag;
        if (!same) {
            last_failure_->note(true);
            co_return protocol::errors::unavailable("object store: took an object and does not show it", 5);
        }
        co_return Result<void>();
    }

private:
    std::shared_ptr<S3Engine> engine_;
    std::shared_ptr<LastFailure> last_failure_;
    std::string key_;
    std::shared_ptr<UploadPipe> pipe_;
    std::shared_ptr<Pending<S3Answer>> stored_;
    std::int64_t written_ = 0;
};

/// Reads by ranges, one ahead of what is asked for: so a slow client holds no connection to the store, and a piece that
/// failed is simply asked for again.
class S3Reader final : public ObjectReader {
public:
    S3Reader(std::shared_ptr<S3Engine> engine, std::string key, std::int64_t offset, std::int64_t length)
        : engine_(std::move(engine)),
          key_(std::move(key)),
          at_(offset),
          end_(offset + length) {}

    Awaitable<Result<BytesView>> next() override {
        if (!is_object_key(key_) || at_ < 0 || end_ < at_) {
            co_return bad_key();
        }
        if (at_ == end_) {
            co_return BytesView();
        }
        const auto wanted = ahead_ ? std::exchange(ahead_, nullptr) : ask();
        auto answer = co_await wanted->take();
        if (!answer) {
            co_return answer.error();
        }
        const auto expected = std::min(piece_size, end_ - at_);
        const auto refused = judge(*answer, expected);
        if (!refused) {
            co_return refused.error();
        }
        piece_ = std::move(answer->body);
        at_ += expected;
        if (at_ < end_) {
            ahead_ = ask();
        }
        co_return BytesView(piece_);
    }

private:
    std::shared_ptr<Pending<S3Answer>> ask() {
        const auto last = std::min(at_ + piece_size, end_) - 1;
        auto request = request_of("get", "GET", key_);
        request.headers.push_back("Range: bytes=" + std::to_string(at_) + "-" + std::to_string(last));
        request.most_answer = piece_size;
        return engine_->call(std::move(request), engine_->settings().timeout);
    }

    [[nodiscard]] Result<void> judge(const S3Answer& answer, std::int64_t expected) const {
        if (is_missing_object(answer)) {
            return protocol::errors::not_found("the object is gone");
        }
        const bool part = answer.status == 206 || (answer.status == 200 && at_ == 0);
        const bool short_of_it = part && static_cast<std::int64_t>(answer.body.size()) < expected;
        if (answer.status == 416 || short_of_it) {
            return protocol::errors::internal("an object is shorter than it was when it was stored");
        }
        return part ? Result<void>() : Result<void>(refusal_of("get", answer));
    }

    std::shared_ptr<S3Engine> engine_;
    std::string key_;
    std::int64_t at_;
    std::int64_t end_;
    protocol::Bytes piece_;
    std::shared_ptr<Pending<S3Answer>> ahead_;
};

} // namespace

Result<std::unique_ptr<S3Objects>> S3Objects::open(S3Settings settings) {
    auto engine = S3Engine::start(std::move(settings));
    if (!engine) {
        return engine.error();
    }
    return std::unique_ptr<S3Objects>(new S3Objects(std::move(*engine)));
}

S3Objects::S3Objects(std::shared_ptr<S3Engine> engine)
    : engine_(std::move(engine)),
      last_failure_(std::make_shared<LastFailure>()) {
}

Awaitable<Result<std::unique_ptr<ObjectWriter>>>
S3Objects::create(std::string key, std::int64_t size, std::string sha256_hex) {
    if (!is_object_key(key)) {
        co_return bad_key();
    }
    std::unique_ptr<ObjectWriter> writer =
        std::make_unique<S3Writer>(engine_, last_failure_, std::move(key), size, sha256_hex);
    co_return writer;
}

std::unique_ptr<ObjectReader> S3Objects::open(std::string key, std::int64_t offset, std::int64_t length) {
    return std::make_unique<S3Reader>(engine_, std::move(key), offset, length);
}

Awaitable<Result<void>> S3Objects::remove(std::string key) {
    if (!is_object_key(key)) {
        co_return bad_key();
    }
    const auto pending = engine_->call(request_of("delete", "DELETE", std::move(key)), engine_->settings().timeout);
    const auto answer = co_await pending->take();
    if (!answer) {
        co_return answer.error();
    }
    const bool gone = answer->good() || is_missing_object(*answer);
    co_return gone ? Result<void>() : Result<void>(refusal_of("delete", *answer));
}

Awaitable<Result<bool>> S3Objects::exists(std::string key) {
    if (!is_object_key(key)) {
        co_return bad_key();
    }
    // One byte of it, and not HEAD: only this answer tells a missing object from a missing bucket.
    auto request = request_of("get", "GET", std::move(key));
    request.headers.emplace_back("Range: bytes=0-0");
    const auto pending = engine_->call(std::move(request), engine_->settings().timeout);
    const auto answer = co_await pending->take();
    if (!answer) {
        co_return answer.error();
    }
    if (is_missing_object(*answer)) {
        co_return false;
    }
    const bool there = answer->good() || answer->status == 416;
    co_return there ? Result<bool>(true) : Result<bool>(refusal_of("get", *answer));
}

Awaitable<Result<ObjectPage>> S3Objects::list(std::string after, int limit) {
    const auto& settings = engine_->settings();
    const auto pending = engine_->call(list_request("list", settings, after, limit), settings.timeout);
    const auto answer = co_await pending->take();
    if (!answer) {
        co_return answer.error();
    }
    if (!answer->good()) {
        co_return refusal_of("list", *answer);
    }
    auto page = read_list(*answer, settings.prefix);
    if (page && page->next && *page->next <= after) {
        co_return protocol::errors::unavailable("object store, list: it does not go forward");
    }
    co_return page;
}

Awaitable<Result<void>> S3Objects::ping() {
    auto request = list_request("ping", engine_->settings(), "", 1);
    request.attempts = 1;
    const auto pending = engine_->call(std::move(request), ping_patience);
    const auto answer = co_await pending->take();
    if (!answer) {
        co_return answer.error();
    }
    if (!answer->good()) {
        co_return refusal_of("ping", *answer);
    }
    if (last_failure_->recent()) {
        co_return protocol::errors::unavailable("object store: its last upload failed");
    }
    co_return Result<void>();
}

void S3Objects::stop() noexcept {
    engine_->stop();
}

} // namespace relay::storage::objects
