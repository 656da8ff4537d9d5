// HTTPS to the relay with the office's certificate, over libcurl: one connection, kept open. Nearly every call of the
// protocol is idempotent, so calls are repeated, with pauses, when the line breaks or the server is busy; the change of
// a password is not, and asks for one attempt.
#pragma once

#include "client/failure.hpp"
#include "client/files.hpp"
#include "client/settings.hpp"

#include <curl/curl.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace relay::client {

struct Response {
    int status = 0;
    std::map<std::string, std::string> headers; ///< names in lower case
    std::string body;

    [[nodiscard]] bool is_success() const noexcept { return status >= 200 && status < 300; }
};

/// A part of a file that is sent as a body, so that it need not be held in memory.
struct FilePart {
    const File* file = nullptr;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

struct Request {
    std::string method = "GET";
    std::string path;                 ///< with its query
    std::vector<std::string> headers; ///< "Name: value"
    std::string_view body;            ///< must outlive the call
    FilePart upload;                  ///< of a PUT, instead of body
    /// Takes the body of a success piece by piece, instead of Response::body; false ends the call.
    std::function<bool(const Response&, protocol::BytesView)> sink;
    int wait_seconds = 0; ///< how long the server may keep silent on purpose
    int attempts = 6;
};

/// Not thread-safe.
class HttpClient {
public:
    explicit HttpClient(const Settings& settings);

    /// Any status is an answer; a failure means that there was none ("unreachable"), after all attempts.
    [[nodiscard]] Outcome<Response> send(const Request& request);

private:
    [[nodiscard]] Outcome<Response> try_once(const Request& request);

    struct Close {
        void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    };
    Settings settings_;
    std::unique_ptr<CURL, Close> handle_;
};

} // namespace relay::client
