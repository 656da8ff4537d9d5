// A signed-in office and its calls in JSON.
#pragma once

#include "client/failure.hpp"
#include "client/http_client.hpp"
#include "client/settings.hpp"
#include "protocol/ids.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace relay::client {

/// What the server told of its limits at sign-in, in bytes.
struct Limits {
    std::int64_t inline_payload = 262144;
    std::int64_t chunk_size = 16LL << 20;
    std::int64_t payload_size = 1LL << 30;
    std::int64_t batch_body = 16LL << 20;
};

struct Reply {
    int status = 0;
    Json body;
};

/// Signs in, signs in again when the session runs out, signs out at the end. Not thread-safe but for send_over().
class Session {
public:
    /// Failure when the settings are incomplete or the server refuses.
    [[nodiscard]] static Outcome<Session> sign_in(const Settings& settings);
    Session(Session&& other) noexcept;
    Session& operator=(Session&&) = delete;
    ~Session();

    [[nodiscard]] const protocol::OfficeNumber& office() const noexcept { return office_; }
    [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

    /// A JSON call; `body` null: none. A failure carries the server's problem.
    [[nodiscard]] Outcome<Reply> call(const std::string& method, const std::string& path, const Json& body = {});
    /// Like call(), for the answer as it came. Success statuses and 304 only.
    [[nodiscard]] Outcome<Response> send(Request request);
    /// The same over a connection of the caller's. Thread-safe, while nothing else is asked of the session.
    [[nodiscard]] Outcome<Response> send_over(HttpClient& http, Request request);
    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }

private:
    Session(const Settings& settings, std::string password);
    [[nodiscard]] Outcome<void> open();
    [[nodiscard]] Outcome<void> renew(const std::string& ended);
    [[nodiscard]] std::string token();

    Settings settings_;
    std::string password_;
    HttpClient http_;
    std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>(); ///< of token_, and of signing in again
    std::string token_;
    protocol::OfficeNumber office_;
    Limits limits_;
};

/// Changes the password; needs no session. Asked once: when no answer comes, it may have been changed.
[[nodiscard]] Outcome<void>
change_password(const Settings& settings, const std::string& old_password, const std::string& new_password);

/// The problem in an answer that is no success.
[[nodiscard]] Failure failure_of(const Response& response);

} // namespace relay::client
