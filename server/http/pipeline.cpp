#include "server/http/pipeline.hpp"

#include "server/http/ascii_case.hpp"
#include "server/http/problem_response.hpp"
#include "server/ops/request_event.hpp"

#include <chrono>
#include <exception>
#include <utility>

namespace relay::server::http {

namespace {

using protocol::Error;
using protocol::ErrorCode;

/// Answers up to this size are not counted: there is at most one on a connection.
constexpr std::size_t small_answer = 64 * 1024;

bool takes_json(const Route& route) {
    return route.body == BodyKind::json || route.body == BodyKind::batch;
}

/// Stage 2: content type and coding, then length; both before a byte of the body is read.
Result<void> check_body_head(const Route& route, const Request& request) {
    const auto refuse = [](ErrorCode code, const char* cause) { return Error(code, std::string(cause)); };
    if (takes_json(route)) {
        std::string_view type = request.field("content-type");
        type = type.substr(0, type.find(';'));
        type = type.substr(0, type.find_last_not_of(" \t") + 1);
        if (!equal_ignoring_case(type, "application/json")) {
            return refuse(ErrorCode::unsupported_media_type, "Content-Type");
        }
    }
    if (route.body != BodyKind::none && request.has_field("content-encoding") &&
        !equal_ignoring_case(request.field("content-encoding"), "identity")) {
        return refuse(ErrorCode::unsupported_media_type, "Content-Encoding");
    }
    const std::int64_t most = route.body == BodyKind::batch ? most_batch_body : most_json_body;
    if (takes_json(route) && request.content_length.value_or(0) > most) {
        return refuse(ErrorCode::too_large, "body");
    }
    if (route.body == BodyKind::none && request.content_length.value_or(0) > 0) {
        return refuse(ErrorCode::malformed_request, "body where none is wanted");
    }
    return {};
}

bool is_judgement_old(const Exchange& exchange) {
    return SteadyClock::now() - exchange.judged > judgement_holds;
}

/// Whose share of the memory a request takes from.
std::string memory_key(const Request& request) {
    return request.caller ? request.caller->user_id.str() : request.peer->certificate_sha256.hex();
}

/// A connection whose certificate ended ends after this answer.
void note_certificate(Exchange& exchange, ErrorCode code) {
    exchange.framed = exchange.framed && code != ErrorCode::wrong_certificate && code != ErrorCode::certificate_revoked;
}

} // namespace

void begin_exchange(Exchange& exchange, Head head) {
    Request& request = exchange.request;
    request.method = head.method;
    request.method_text = std::move(head.method_text);
    request.target = std::move(head.target);
    request.path = std::move(head.path);
    request.query = std::move(head.query);
    request.query_findings = std::move(head.query_findings);
    request.fields = std::move(head.fields);
    request.content_length = head.content_length;
    request.language = protocol::choose_language(request.field("accept-language"));
    exchange.keep_alive = head.keep_alive;
    exchange.framed = true;
}

Pipeline::Pipeline(const Surroundings& surroundings)
    : surroundings_(surroundings),
      unmatched_(surroundings.metrics.route("other", "unmatched")) {
    for (const Route& route : surroundings.router.routes()) {
        series_.push_back(&surroundings.metrics.route(to_string(route.method), route.pattern));
    }
}

// A poll may be parked in its handler for a minute: what only the stages before it need is gone by then.
Awaitable<Response> Pipeline::answer(Exchange& exchange, MessageBody& body, Peer& peer) const {
    if (!exchange.framed) {
        co_return conclude(exchange, std::move(*exchange.head_error)); // framing and size of the header come first
    }
    try {
        const auto ready = co_await prepare(exchange, body, peer);
        if (!ready) {
            co_return conclude(exchange, ready.error());
        }
        auto answered = co_await exchange.route->handler(exchange.request);
        if (answered && answered->body.size() > small_answer) {
            const auto weighed = co_await weigh(exchange.request, *answered);
            if (!weighed) {
                co_return conclude(exchange, weighed.error());
            }
        }
        co_return conclude(exchange, std::move(answered));
    } catch (const std::exception& e) {
        co_return conclude(exchange, protocol::errors::internal(std::string("exception: ") + e.what()));
    }
}

Response Pipeline::conclude(Exchange& exchange, Result<Response> result) const {
    Response response;
    if (result) {
        response = std::move(*result);
    } else {
        exchange.error_code = result.error().code;
        exchange.cause = result.error().cause;
        response = problem_response(result.error(), exchange.request.language, exchange.request.id);
        settle(exchange, result.error(), response);
    }
    exchange.status = response.status;
    return response;
}

void Pipeline::settle(const Exchange& exchange, const Error& error, Response& response) const {
    surroundings_.metrics.error(error.code);
    const bool certificate_ended = error.code == ErrorCode::certificate_revoked ||
                                   (error.code == ErrorCode::wrong_certificate && exchange.request.caller);
    response.close = response.close || !exchange.framed || certificate_ended || error.code == ErrorCode::timeout;
}

Awaitable<Result<void>> Pipeline::weigh(const Request& request, Response& response) const {
    const auto bytes = static_cast<std::int64_t>(response.body.size());
    auto key = memory_key(request);
    if (request.method != Method::get) {
        response.memory = surroundings_.memory.count(bytes, key); // what was done is told
        co_return Result<void>();
    }
    auto granted = co_await surroundings_.memory.take(bytes, std::move(key));
    if (!granted) {
        co_return granted.error();
    }
    response.memory = std::move(*granted);
    co_return Result<void>();
}

Result<void> Pipeline::take_rate(const Peer& peer) const {
    return surroundings_.gate.take_rate(peer.certificate_sha256.hex());
}

Awaitable<Result<void>> Pipeline::prepare(Exchange& exchange, MessageBody& body, Peer& peer) const {
    Request& request = exchange.request;
    request.peer = &peer;
    // The certificate may have been revoked or expired since the handshake; on unknown paths too.
    const auto certificate = co_await surroundings_.gate.check_certificate(peer);
    if (!certificate) {
        note_certificate(exchange, certificate.error().code);
        co_return certificate.error();
    }
    // The path is told to exist or not whoever asks.
    RouteMatch match = surroundings_.router.match(request.method, request.path);
    if (match.route == nullptr) {
        const auto rate = take_rate(peer);
        if (!rate) {
            co_return rate.error();
        }
        if (match.allow.empty()) {
            co_return protocol::errors::not_found("path");
        }
        Error error(ErrorCode::method_not_allowed, std::string("method"));
        error.headers.emplace_back("Allow", match.allow);
        co_return error;
    }
    exchange.route = match.route;
    request.captures = std::move(match.captures);
    // Who calls, and may they: before anything of the request's content is looked at.
    const auto admitted = co_await admit(exchange, peer);
    if (!admitted) {
        co_return admitted.error();
    }
    exchange.judged = SteadyClock::now();
    // Content type and length, so that a body that cannot be taken is not read.
    const auto fit = check_body_head(*match.route, request);
    if (!fit) {
        co_return fit.error();
    }
    if (!match.route->reads_query && !request.query_findings.empty()) {
        co_return Error(ErrorCode::malformed_request, std::move(request.query_findings));
    }
    if (takes_json(*match.route)) {
        const auto read = co_await read_json(exchange, body);
        if (!read) {
            co_return read.error();
        }
        if (is_judgement_old(exchange)) {
            auto still = co_await judge_again(exchange, peer);
            co_return still;
        }
    } else if (match.route->body == BodyKind::stream) {
        request.body = &body;
        body.judge_at_end([this, &exchange, &peer] { return judge_again(exchange, peer); });
    }
    co_return Result<void>();
}

Awaitable<Result<void>> Pipeline::judge_again(Exchange& exchange, Peer& peer) const {
    if (!is_judgement_old(exchange)) {
        co_return Result<void>();
    }
    const auto& caller = exchange.request.caller;
    Result<void> still;
    if (caller) {
        still = co_await surroundings_.gate.still_allowed(peer, *caller);
    } else {
        still = co_await surroundings_.gate.check_certificate(peer);
    }
    if (!still) {
        note_certificate(exchange, still.error().code);
        co_return still;
    }
    co_return caller ? surroundings_.gate.check_licence(*caller, *exchange.route->action) : Result<void>();
}

Awaitable<Result<void>> Pipeline::admit(Exchange& exchange, Peer& peer) const {
    Request& request = exchange.request;
    if (!exchange.route->action) {
        co_return take_rate(peer);
    }
    const auth::Action action = *exchange.route->action;
    auto caller = surroundings_.gate.known_session(peer, request.field("authorization"));
    if (!caller || !*caller) {
        const auto rate = take_rate(peer); // tokens must not be tried out without a bound, least of all on the store
        if (!rate) {
            co_return rate.error();
        }
    }
    if (!caller) {
        caller = co_await surroundings_.gate.find_session(peer, request.field("authorization"));
    }
    if (!*caller) {
        co_return caller->error();
    }
    request.caller = std::move(**caller);
    const auto role = surroundings_.gate.check_role(*request.caller, action);
    const auto rate = surroundings_.gate.take_rate(request.caller->user_id.view()); // every request counts
    if (!role) {
        co_return role;
    }
    if (!rate) {
        co_return rate;
    }
    co_return surroundings_.gate.check_licence(*request.caller, action);
}

Awaitable<Result<void>> Pipeline::read_json(Exchange& exchange, MessageBody& body) const {
    auto granted = co_await surroundings_.memory.take(body.size(), memory_key(exchange.request));
    if (!granted) {
        co_return granted.error();
    }
    exchange.memory = std::move(*granted);
    surroundings_.metrics.body_memory(surroundings_.memory.used());
    auto read = co_await body.read_whole(exchange.request.json);
    co_return read;
}

void Pipeline::finish(const Exchange& exchange, std::int64_t bytes_in, std::int64_t bytes_out, bool whole) const {
    const auto now = std::chrono::steady_clock::now();
    const Request& request = exchange.request;
    ops::RouteSeries* series = &unmatched_;
    if (exchange.route != nullptr) {
        const auto index = exchange.route - surroundings_.router.routes().data();
        series = series_.at(static_cast<std::size_t>(index));
    }
    series->add(whole ? exchange.status : 0, std::chrono::duration<double>(now - request.began).count());
    surroundings_.metrics.bytes(bytes_in, bytes_out);
    ops::RequestEvent event;
    event.id = request.id;
    event.began = request.began;
    event.method = request.method_text;
    event.route = exchange.route == nullptr ? std::string_view() : std::string_view(exchange.route->pattern);
    event.status = exchange.status;
    event.bytes_in = bytes_in;
    event.bytes_out = bytes_out;
    event.error_code = exchange.error_code;
    event.cause = exchange.cause;
    event.user_id = request.caller ? request.caller->user_id.view() : std::string_view();
    event.whole = whole;
    ops::log_request(event, now);
}

} // namespace relay::server::http
