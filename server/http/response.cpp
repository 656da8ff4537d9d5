#include "server/http/response.hpp"

namespace relay::server::http {

Response json_response(int status, std::string body) {
    Response response;
    response.status = status;
    response.fields.emplace_back("Content-Type", "application/json");
    response.body = std::move(body);
    return response;
}

Response empty_response(int status) {
    Response response;
    response.status = status;
    return response;
}

} // namespace relay::server::http
