// POST /v1/sessions, DELETE /v1/sessions/current, PUT /v1/password (protocol.md §3).
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "server/api/parameters.hpp"
#include "server/api/services.hpp"

namespace relay::server::api {

using protocol::append_json_member;
using protocol::append_json_name;

namespace {

Result<accounts::SignInRequest> read_sign_in(const std::string& body) {
    auto document = protocol::JsonDocument::parse(body, {});
    accounts::SignInRequest wanted;
    auto root = document.root();
    wanted.user_id = root.string_as("user_id", protocol::UserId::parse).value_or(protocol::UserId());
    wanted.password = root.string("password").value_or("");
    auto client = root.object("client");
    wanted.client_name = client.string("name").value_or("");
    wanted.client_version =
        client.string_as("version", accounts::ClientVersion::parse).value_or(accounts::ClientVersion());
    const auto good = body_verdict(document);
    if (!good) {
        return good.error();
    }
    return wanted;
}

void append_limits(std::string& out, const Config& config) {
    append_json_name(out, "limits");
    out += R"({"inline_payload":)" + std::to_string(config.limits.inline_payload);
    out += R"(,"chunk_size":)" + std::to_string(config.limits.chunk_size);
    out += R"(,"payload_size":)" + std::to_string(config.limits.payload_size);
    out += R"(,"json_body":)" + std::to_string(http::most_json_body);
    out += R"(,"batch_body":)" + std::to_string(http::most_batch_body) + "}";
}

std::string session_json(const accounts::SignedIn& session, const Config& config) {
    std::string out = "{";
    append_json_member(out, "token", session.token);
    append_json_member(out, "expires_at", protocol::to_rfc3339(session.expires_at));
    append_json_member(out, "role", to_string(session.role));
    append_json_member(out, "user_id", session.user_id.view());
    if (session.office) {
        append_json_name(out, "office");
        out += '{';
        append_json_member(out, "number", session.office->number.view());
        append_json_member(out, "name", session.office->name);
        out += '}';
    }
    if (session.licence) {
        append_json_name(out, "licence");
        out += '{';
        append_json_member(out, "state", to_string(session.licence->state));
        if (session.licence->valid_until) {
            append_json_member(out, "valid_until", protocol::to_string(*session.licence->valid_until));
        }
        out += '}';
    }
    append_json_name(out, "password");
    out += '{';
    append_json_member(out, "expires_at", protocol::to_rfc3339(session.password_expires_at));
    out += '}';
    append_limits(out, config);
    out += '}';
    return out;
}

Answer sign_in(const Services& services, Request& request) {
    auto wanted = read_sign_in(request.json);
    if (!wanted) {
        co_return wanted.error();
    }
    auto peer = certificate_of(request);
    auto session = co_await services.sign_in.sign_in(std::move(*wanted), std::move(peer), services.clock());
    if (!session) {
        co_return session.error();
    }
    co_return http::json_response(201, session_json(*session, services.config));
}

Answer sign_out(const Services& services, Request& request) {
    auto ended = co_await services.sign_in.sign_out(request.caller->token_sha256);
    if (!ended) {
        co_return ended.error();
    }
    co_return http::empty_response(204);
}

Answer change_password(const Services& services, Request& request) {
    auto document = protocol::JsonDocument::parse(request.json, {});
    accounts::Passwords::Change change;
    auto root = document.root();
    change.user_id = root.string_as("user_id", protocol::UserId::parse).value_or(protocol::UserId());
    change.old_password = root.string("old").value_or("");
    change.new_password = root.string("new").value_or("");
    const auto good = body_verdict(document);
    if (!good) {
        co_return good.error();
    }
    auto peer = certificate_of(request);
    auto changed = co_await services.passwords.change(std::move(change), std::move(peer), services.clock());
    if (!changed) {
        co_return changed.error();
    }
    services.registry.poke();
    co_return http::empty_response(204);
}

} // namespace

std::vector<Route> session_routes(const Services& services) {
    using http::BodyKind;
    using http::Method;
    return {
        {Method::post, "/v1/sessions", std::nullopt, BodyKind::json, bind_handler(services, sign_in)},
        {Method::delete_,
         "/v1/sessions/current",
         auth::Action::sign_out,
         BodyKind::none,
         bind_handler(services, sign_out)},
        {Method::put, "/v1/password", std::nullopt, BodyKind::json, bind_handler(services, change_password)},
    };
}

} // namespace relay::server::api
