#include "client/session.hpp"

#include "client/words.hpp"

#include <charconv>
#include <utility>

namespace relay::client {
namespace {

constexpr const char* json_type = "Content-Type: application/json";

std::string language_header() {
    return "Accept-Language: " + preferred_language();
}

Limits read_limits(const Json& answer) {
    Limits limits;
    const auto& told = member_of(answer, "limits");
    limits.inline_payload = number_at(told, "inline_payload").value_or(limits.inline_payload);
    limits.chunk_size = number_at(told, "chunk_size").value_or(limits.chunk_size);
    limits.payload_size = number_at(told, "payload_size").value_or(limits.payload_size);
    limits.batch_body = number_at(told, "batch_body").value_or(limits.batch_body);
    return limits;
}

} // namespace

Failure failure_of(const Response& response) {
    auto failure = from_problem(Json::parse(response.body, nullptr, false), response.status);
    const auto after = response.headers.find("retry-after");
    int seconds = 0;
    if (after != response.headers.end() &&
        std::from_chars(after->second.data(), after->second.data() + after->second.size(), seconds).ec == std::errc()) {
        failure.retry_after = seconds;
    }
    return failure;
}

Session::Session(const Settings& settings, std::string password)
    : settings_(settings),
      password_(std::move(password)),
      http_(settings) {
}

// The token moves out for certain, so that one session is signed out once.
Session::Session(Session&& other) noexcept
    : settings_(std::move(other.settings_)),
      password_(std::move(other.password_)),
      http_(std::move(other.http_)),
      mutex_(std::move(other.mutex_)),
      token_(std::exchange(other.token_, std::string())),
      office_(std::move(other.office_)),
      limits_(other.limits_) {
}

Session::~Session() {
    if (token_.empty()) {
        return;
    }
    Request request;
    request.method = "DELETE";
    request.path = "/v1/sessions/current";
    request.headers = {"Authorization: Bearer " + token_};
    request.attempts = 1;
    (void)http_.send(request); // a session that stays open ends by itself
}

Outcome<Session> Session::sign_in(const Settings& settings) {
    if (auto complete = check_complete(settings); !complete) {
        return complete.error();
    }
    auto password =
        read_password(settings.password_file, words("Password of {0}", "{0} のパスワード", {settings.user}));
    if (!password) {
        return password.error();
    }
    Session session(settings, *std::move(password));
    if (auto opened = session.open(); !opened) {
        return opened.error();
    }
    return session;
}

Outcome<void> Session::open() {
    token_.clear();
    const Json body{
        {"user_id", settings_.user},
        {"password", password_},
        {"client", {{"name", "relay-client"}, {"version", RELAY_CLIENT_VERSION}}}};
    const auto text = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    Request request;
    request.method = "POST";
    request.path = "/v1/sessions";
    request.headers = {json_type, language_header()};
    request.body = text;
    const auto response = http_.send(request);
    if (!response) {
        return response.error();
    }
    if (!response->is_success()) {
        return failure_of(*response);
    }
    const auto answer = Json::parse(response->body, nullptr, false);
    const auto office = protocol::OfficeNumber::parse(text_at(member_of(answer, "office"), "number"));
    token_ = text_at(answer, "token");
    if (token_.empty() || !office) {
        return local_failure(words(
            "the user {0} is no office; only offices send and receive",
            "ユーザ {0} は事業所のものではありません。送受信できるのは事業所だけです",
            {settings_.user}
        ));
    }
    office_ = *office;
    limits_ = read_limits(answer);
    return {};
}

std::string Session::token() {
    const std::lock_guard lock(*mutex_);
    return token_;
}

/// Signs in again, unless another thread did since the session with this token ended.
Outcome<void> Session::renew(const std::string& ended) {
    const std::lock_guard lock(*mutex_);
    return token_ == ended ? open() : Outcome<void>();
}

Outcome<Response> Session::send(Request request) {
    return send_over(http_, std::move(request));
}

Outcome<Response> Session::send_over(HttpClient& http, Request request) {
    const auto own_headers = request.headers;
    for (bool signed_in_again = false;; signed_in_again = true) {
        const auto used = token();
        request.headers = own_headers;
        request.headers.push_back("Authorization: Bearer " + used);
        request.headers.push_back(language_header());
        auto response = http.send(request);
        if (!response || response->is_success() || response->status == 304) {
            return response;
        }
        auto failure = failure_of(*response);
        if (failure.code != "session_expired" || signed_in_again) {
            return failure;
        }
        if (auto opened = renew(used); !opened) {
            return opened.error();
        }
    }
}

Outcome<Reply> Session::call(const std::string& method, const std::string& path, const Json& body) {
    const auto text = body.is_null() ? std::string() : body.dump(-1, ' ', false, Json::error_handler_t::replace);
    Request request;
    request.method = method;
    request.path = path;
    if (!body.is_null()) {
        request.headers = {json_type};
        request.body = text;
    }
    const auto response = send(request);
    if (!response) {
        return response.error();
    }
    Reply reply;
    reply.status = response->status;
    if (!response->body.empty()) {
        reply.body = Json::parse(response->body, nullptr, false);
        if (!reply.body.is_object()) {
            return local_failure(
                words("the server's answer is no JSON object", "サーバの応答がJSONのオブジェクトではありません")
            );
        }
    }
    return reply;
}

Outcome<void>
change_password(const Settings& settings, const std::string& old_password, const std::string& new_password) {
    const Json body{{"user_id", settings.user}, {"old", old_password}, {"new", new_password}};
    const auto text = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    HttpClient http(settings);
    Request request;
    request.method = "PUT";
    request.path = "/v1/password";
    request.headers = {json_type, language_header()};
    request.body = text;
    request.attempts = 1; // a second would name an old password that is no longer the one, and count as a wrong one
    const auto response = http.send(request);
    if (!response) {
        auto failure = response.error();
        failure.text += words(
            ". The password may have been changed all the same: try the new one first",
            "。パスワードは変更された可能性があります。まず新しいパスワードを試してください"
        );
        return failure;
    }
    if (!response->is_success()) {
        return failure_of(*response);
    }
    return {};
}

} // namespace relay::client
