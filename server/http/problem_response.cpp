#include "server/http/problem_response.hpp"

#include <algorithm>

namespace relay::server::http {

Response
problem_response(const protocol::Error& error, protocol::Language language, const protocol::RequestId& request) {
    Response response;
    response.status = protocol::status_of(error.code);
    response.fields = error.headers;
    response.fields.emplace_back("Content-Type", "application/problem+json");
    response.fields.emplace_back("Content-Language", language == protocol::Language::ja ? "ja" : "en");
    if (error.retry_after) {
        response.fields.emplace_back("Retry-After", std::to_string(std::max(1, *error.retry_after)));
    }
    if (response.status == 401) {
        response.fields.emplace_back("WWW-Authenticate", "Bearer");
    }
    response.body = protocol::problem_json(error, language, request.str());
    return response;
}

} // namespace relay::server::http
