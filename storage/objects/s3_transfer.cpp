#include "storage/objects/s3_transfer.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <random>
#include <string_view>
#include <utility>

namespace relay::storage::objects {

namespace {

constexpr long connect_timeout_ms = 5000;
constexpr auto upload_waits = std::chrono::seconds(5); ///< for a place
constexpr long upload_buffer = 128 * 1024;
constexpr long answer_buffer = 64 * 1024;
constexpr auto first_pause = std::chrono::milliseconds(50);

/// Doubled for each attempt, and at random between half and one and a half of it, so that servers that failed together
/// do not come back together.
std::chrono::milliseconds pause_before(int attempt) {
    thread_local std::minstd_rand random(std::random_device{}());
    const auto pause = first_pause * (1 << std::min(attempt, 6));
    return std::chrono::milliseconds(
        std::uniform_int_distribution<std::int64_t>(pause.count() / 2, pause.count() * 3 / 2)(random)
    );
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_busy(int status) {
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

} // namespace

S3Transfer::S3Transfer(const S3Settings& settings, S3Request request, S3Done done, SteadyClock::time_point deadline)
    : settings_(settings),
      request_(std::move(request)),
      done_(std::move(done)),
      handle_(curl_easy_init()),
      signing_("aws:amz:" + settings.region + ":s3"),
      began_(SteadyClock::now()),
      begins_at_(began_),
      deadline_(deadline),
      last_progress_(began_) {
    url_ = settings.url_of(request_.key);
    if (!request_.query.empty()) {
        url_ += "?" + request_.query;
    }
    for (const auto& header : request_.headers) {
        headers_.reset(curl_slist_append(headers_.release(), header.c_str()));
    }
}

S3Transfer::~S3Transfer() {
    if (done_) {
        fail("the payload store is closing");
    }
}

void S3Transfer::set_connection_options(CURL* curl) {
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); // else whoever drops it waits for a resolver that hangs
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    if (!settings_.ca_file.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, settings_.ca_file.c_str());
        curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr); // else the system's CAs are trusted, too
    }
    // libcurl signs; it wants the digest header given, and never a header without a value.
    curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, signing_.c_str());
    curl_easy_setopt(curl, CURLOPT_USERNAME, settings_.access_key.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, settings_.secret_key.c_str());
}

CURL* S3Transfer::prepare() {
    CURL* curl = handle_.get();
    curl_easy_reset(curl);
    set_connection_options(curl);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, this);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason_);
    curl_easy_setopt(curl, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &S3Transfer::take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, answer_buffer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &S3Transfer::take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
    if (request_.body) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, curl_off_t{request_.body->size()});
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, &S3Transfer::give_body);
        curl_easy_setopt(curl, CURLOPT_READDATA, this);
    } else if (request_.method == "HEAD") {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }
    answer_ = S3Answer();
    reason_[0] = '\0';
    running_ = true;
    paused_ = false;
    last_progress_ = SteadyClock::now();
    ++attempt_;
    return curl;
}

bool S3Transfer::may_repeat(CURLcode code) const {
    const bool again =
        code != CURLE_OK ? code != CURLE_WRITE_ERROR && code != CURLE_ABORTED_BY_CALLBACK : is_busy(answer_.status);
    const bool untouched = !request_.body || (request_.body->untouched() && !request_.body->abandoned());
    return again && untouched && attempt_ < request_.attempts;
}

bool S3Transfer::finish_attempt(CURLcode code) {
    running_ = false;
    if (may_repeat(code)) {
        begins_at_ = SteadyClock::now() + pause_before(attempt_ - 1);
        if (begins_at_ < deadline_) {
            return true;
        }
    }
    if (code != CURLE_OK) {
        fail(reason_[0] != '\0' ? std::string(reason_) : std::string(curl_easy_strerror(code)));
        return false;
    }
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    answer_.status = static_cast<int>(status);
    const char* outcome = answer_.good() ? "ok" : answer_.status == 404 ? "missing" : "refused";
    deliver(std::move(answer_), outcome);
    return false;
}

void S3Transfer::fail(const std::string& cause) {
    running_ = false;
    deliver(protocol::errors::unavailable(std::string("object store, ") + request_.op + ": " + cause), "failed");
}

void S3Transfer::deliver(protocol::Result<S3Answer> result, const char* outcome) {
    const auto done = std::exchange(done_, nullptr);
    if (!done) {
        return;
    }
    if (settings_.observer) {
        const std::chrono::duration<double> took = SteadyClock::now() - began_;
        settings_.observer(request_.op, outcome, took.count());
    }
    done(std::move(result), attempt_ > 0);
}

bool S3Transfer::ready(SteadyClock::time_point now) {
    if (!ready_since_ && (!request_.body || request_.body->worth_taking())) {
        ready_since_ = now;
    }
    return ready_since_.has_value();
}

const char* S3Transfer::overdue(SteadyClock::time_point now) const {
    if (now >= deadline_) {
        return "not in time";
    }
    if (request_.body && request_.body->abandoned()) {
        return "given up by its writer";
    }
    if (request_.body && attempt_ == 0 && ready_since_ && now - *ready_since_ > upload_waits) {
        return "too many uploads";
    }
    // While the writer has nothing to give, it is not the store that is slow.
    if (running_ && !paused_ && now - last_progress_ > settings_.timeout) {
        return "no progress";
    }
    return nullptr;
}

void S3Transfer::resume() {
    if (running_ && std::exchange(paused_, false)) {
        last_progress_ = SteadyClock::now();
        curl_easy_pause(handle_.get(), CURLPAUSE_CONT);
    }
}

std::size_t S3Transfer::take_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<S3Transfer*>(self);
    const std::string_view line(data, size * count);
    transfer.last_progress_ = SteadyClock::now();
    if (line.starts_with("HTTP/")) {
        transfer.answer_ = S3Answer(); // after an interim answer
        long status = 0;
        curl_easy_getinfo(transfer.handle_.get(), CURLINFO_RESPONSE_CODE, &status);
        transfer.answer_.status = static_cast<int>(status);
    }
    const auto colon = std::min(line.find(':'), line.size());
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    const auto value = trimmed(line.substr(std::min(colon + 1, line.size())));
    if (name == "etag") {
        transfer.answer_.etag = value;
    } else if (name == "content-length") {
        std::from_chars(value.data(), value.data() + value.size(), transfer.answer_.content_length);
    }
    return line.size();
}

std::size_t S3Transfer::take_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<S3Transfer*>(self);
    auto& body = transfer.answer_.body;
    const auto bytes = size * count;
    transfer.last_progress_ = SteadyClock::now();
    if (bytes > transfer.request_.most_answer - body.size()) {
        return 0; // more than was asked for: CURLE_WRITE_ERROR
    }
    if (body.empty()) {
        const auto length = std::max<std::int64_t>(transfer.answer_.content_length, 0);
        body.reserve(std::min(static_cast<std::size_t>(length), transfer.request_.most_answer));
    }
    const auto* const piece = reinterpret_cast<const std::uint8_t*>(data); // of the vector's type: else byte by byte
    body.insert(body.end(), piece, piece + bytes);
    return bytes;
}

std::size_t S3Transfer::give_body(char* to, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<S3Transfer*>(self);
    auto& pipe = *transfer.request_.body;
    transfer.last_progress_ = SteadyClock::now();
    if (pipe.abandoned()) {
        return CURL_READFUNC_ABORT;
    }
    const auto had = pipe.take(to, size * count);
    transfer.paused_ = !had;
    return had ? *had : std::size_t{CURL_READFUNC_PAUSE};
}

} // namespace relay::storage::objects
