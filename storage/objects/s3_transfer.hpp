// One request to the store as libcurl carries it out: headers and signature in, answer out; repeated only where that is
// safe. Lives on the thread of S3Engine alone.
#pragma once

#include "protocol/bytes.hpp"
#include "storage/objects/s3_settings.hpp"
#include "storage/objects/upload_pipe.hpp"

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace relay::storage::objects {

using SteadyClock = std::chrono::steady_clock;

struct S3Request {
    const char* op = "get"; ///< for the observer
    std::string method = "GET";
    std::string key;                  ///< without the prefix; empty: the bucket
    std::string query;                ///< sorted by name, values percent-encoded (it is signed as it stands)
    std::vector<std::string> headers; ///< "Name: value", never a blank value
    std::shared_ptr<UploadPipe> body; ///< of a PUT
    std::size_t most_answer = 64 * 1024;
    int attempts = 3;
};

struct S3Answer {
    int status = 0;
    std::string etag;
    std::int64_t content_length = -1;
    protocol::Bytes body;

    [[nodiscard]] bool good() const noexcept { return status >= 200 && status < 300; }
};

/// An answer of any status, or unavailable when there was none. `begun`: the store was asked at all.
using S3Done = std::function<void(protocol::Result<S3Answer>, bool begun)>;

class S3Transfer final {
public:
    S3Transfer(const S3Settings& settings, S3Request request, S3Done done, SteadyClock::time_point deadline);
    ~S3Transfer();
    S3Transfer(const S3Transfer&) = delete;
    S3Transfer& operator=(const S3Transfer&) = delete;

    /// The handle of the next attempt, made up anew; its CURLOPT_PRIVATE is this.
    [[nodiscard]] CURL* prepare();
    /// The attempt ended. True when another one is to begin at begins_at(); else the outcome was delivered.
    [[nodiscard]] bool finish_attempt(CURLcode code);
    /// No attempt may go on: delivered as unavailable.
    void fail(const std::string& cause);

    /// Whether it may take a place: an upload of which nothing is there yet would hold one for as long as its client
    /// likes.
    [[nodiscard]] bool ready(SteadyClock::time_point now);
    /// Why the attempt that runs must be broken off now, or nothing.
    [[nodiscard]] const char* overdue(SteadyClock::time_point now) const;
    [[nodiscard]] SteadyClock::time_point begins_at() const noexcept { return begins_at_; }
    [[nodiscard]] SteadyClock::time_point deadline() const noexcept { return deadline_; }
    [[nodiscard]] const std::shared_ptr<UploadPipe>& body() const noexcept { return request_.body; }
    [[nodiscard]] CURL* handle() const noexcept { return handle_.get(); }
    [[nodiscard]] bool running() const noexcept { return running_; }
    /// The writer brought more.
    void resume();

private:
    static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t give_body(char* to, std::size_t size, std::size_t count, void* self);
    void set_connection_options(CURL* curl);
    [[nodiscard]] bool may_repeat(CURLcode code) const;
    void deliver(protocol::Result<S3Answer> result, const char* outcome);

    struct Close {
        void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };
    const S3Settings& settings_;
    S3Request request_;
    S3Done done_;
    std::unique_ptr<CURL, Close> handle_;
    std::unique_ptr<curl_slist, Close> headers_;
    std::string url_, signing_;
    S3Answer answer_;
    char reason_[CURL_ERROR_SIZE] = "";
    int attempt_ = 0;
    bool running_ = false;
    bool paused_ = false;
    SteadyClock::time_point began_, begins_at_, deadline_, last_progress_;
    std::optional<SteadyClock::time_point> ready_since_;
};

} // namespace relay::storage::objects
