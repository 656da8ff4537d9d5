#include "client/http_client.hpp"

#include "client/words.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <thread>

namespace relay::client {
namespace {

constexpr std::size_t most_answer_bytes = 64UL << 20;
constexpr int longest_pause_seconds = 30;

struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// What the callbacks of one call work on.
struct Exchange {
    CURL* curl;
    const Request& request;
    Response& response;
    std::uint64_t uploaded = 0;
};

int status_of(CURL* curl) {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* to) {
    auto& exchange = *static_cast<Exchange*>(to);
    auto& response = exchange.response;
    response.status = status_of(exchange.curl);
    if (exchange.request.sink && response.is_success()) {
        const bool taken = exchange.request.sink(response, protocol::as_bytes(std::string_view(data, size)));
        return taken ? size : 0;
    }
    if (response.body.size() + size > most_answer_bytes) {
        return 0;
    }
    response.body.append(data, size);
    return size;
}

std::size_t give_body(char* to, std::size_t, std::size_t room, void* from) {
    auto& exchange = *static_cast<Exchange*>(from);
    const auto& upload = exchange.request.upload;
    const auto wanted = std::min<std::uint64_t>(room, upload.size - exchange.uploaded);
    const auto got = upload.file->read_some_at(upload.offset + exchange.uploaded, to, static_cast<std::size_t>(wanted));
    if (!got || (*got == 0 && wanted > 0)) {
        return CURL_READFUNC_ABORT;
    }
    exchange.uploaded += *got;
    return *got;
}

int rewind_body(void* from, curl_off_t offset, int origin) {
    if (origin != SEEK_SET || offset < 0) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    static_cast<Exchange*>(from)->uploaded = static_cast<std::uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
}

void set_body(CURL* curl, Exchange& exchange) {
    const auto& request = exchange.request;
    if (request.upload.file != nullptr) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.upload.size));
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, &give_body);
        curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
        curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, &rewind_body);
        curl_easy_setopt(curl, CURLOPT_SEEKDATA, &exchange);
    } else if (request.method == "PUT" || request.method == "POST") {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data() != nullptr ? request.body.data() : "");
    }
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* to) {
    const std::string_view line(data, size);
    auto& headers = static_cast<Exchange*>(to)->response.headers;
    if (line.starts_with("HTTP/")) {
        headers.clear(); // of an interim answer
        return size;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
        return size;
    }
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    auto value = line.substr(colon + 1);
    const auto begin = value.find_first_not_of(" \t");
    const auto end = value.find_last_not_of(" \t\r\n");
    headers[name] = begin == std::string_view::npos ? std::string() : std::string(value.substr(begin, end - begin + 1));
    return size;
}

std::optional<int> retry_after(const Response& response) {
    const auto found = response.headers.find("retry-after");
    int seconds = 0;
    if (found == response.headers.end()) {
        return std::nullopt;
    }
    const auto& text = found->second;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    return parsed.ec == std::errc() ? std::optional(seconds) : std::nullopt;
}

/// Busy for a moment, nothing was kept. Longer waits (a locked account, a used-up quota) are for the person to decide.
bool is_worth_waiting(const Response& response) {
    const bool busy = response.status == 503 || response.status == 429;
    return busy && retry_after(response).value_or(1) <= longest_pause_seconds;
}

} // namespace

HttpClient::HttpClient(const Settings& settings) : settings_(settings), handle_(curl_easy_init()) {
    while (settings_.url.ends_with('/')) {
        settings_.url.pop_back();
    }
}

Outcome<Response> HttpClient::try_once(const Request& request) {
    CURL* curl = handle_.get();
    curl_easy_reset(curl); // keeps the connection
    std::unique_ptr<curl_slist, FreeList> headers;
    for (const auto& header : request.headers) {
        headers.reset(curl_slist_append(headers.release(), header.c_str()));
    }
    Response response;
    Exchange exchange{curl, request, response};
    char reason[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl, CURLOPT_URL, (settings_.url + request.path).c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_CAINFO, settings_.ca.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr); // else the system's CAs are trusted, too
    curl_easy_setopt(curl, CURLOPT_SSLCERT, settings_.cert.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, settings_.key.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 60L + request.wait_seconds);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    set_body(curl, exchange);
    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        Failure failure;
        failure.code = "unreachable";
        failure.text = words(
            "The relay cannot be reached at {0}: {1}",
            "{0} に接続できません。通信の状態を確認してください: {1}",
            {settings_.url, *reason != '\0' ? reason : curl_easy_strerror(code)}
        );
        return failure;
    }
    response.status = status_of(curl);
    return response;
}

Outcome<Response> HttpClient::send(const Request& request) {
    auto pause = std::chrono::milliseconds(250);
    for (int attempt = 1;; ++attempt) {
        auto response = try_once(request);
        const bool again = !response || is_worth_waiting(*response);
        if (!again || attempt >= request.attempts) {
            return response;
        }
        const auto asked = response ? retry_after(*response).value_or(0) : 0;
        std::this_thread::sleep_for(std::max<std::chrono::milliseconds>(pause, std::chrono::seconds(asked)));
        pause *= 2;
    }
}

} // namespace relay::client
