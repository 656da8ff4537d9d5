#include "tests/unit/server/http_fixture.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>

namespace relay::test {

using protocol::Error;
using protocol::ErrorCode;
using protocol::Result;
using namespace server::http;

namespace {

protocol::Time now() {
    return std::chrono::floor<protocol::Duration>(std::chrono::system_clock::now());
}

CertificateRecipe recipe_of(const char* name) {
    CertificateRecipe recipe;
    recipe.common_names = {name};
    recipe.not_before = now() - std::chrono::hours(1);
    recipe.not_after = now() + std::chrono::hours(48);
    return recipe;
}

TestCertificate make_ca() {
    CertificateRecipe recipe = recipe_of("Test CA");
    recipe.ca = true;
    return make_certificate(recipe);
}

/// 100 pieces of `piece` bytes; breaks off after `good_pieces`.
class Pieces final : public BodySource {
public:
    Pieces(int good_pieces, std::size_t piece, std::atomic<std::int64_t>& told)
        : left_(good_pieces),
          told_(told),
          piece_(piece, 'p') {}
    [[nodiscard]] std::int64_t size() const noexcept override { return static_cast<std::int64_t>(100 * piece_.size()); }
    [[nodiscard]] Awaitable<Result<protocol::BytesView>> next() override {
        if (left_-- == 0) {
            co_return protocol::errors::internal("the source broke");
        }
        co_return protocol::BytesView(piece_);
    }
    void written(std::int64_t bytes, bool done) override {
        if (done) {
            told_ = bytes;
        }
    }

private:
    int left_;
    std::atomic<std::int64_t>& told_;
    protocol::Bytes piece_;
};

Awaitable<Result<Response>> tell(std::string text) {
    Response response = json_response(200, std::move(text));
    co_return response;
}

Awaitable<Result<Response>> count_stream(Request& request) {
    if (request.has_field("content-range")) {
        co_return protocol::errors::malformed("content-range", "bad_format");
    }
    std::size_t total = 0;
    for (;;) {
        const auto piece = co_await request.body->next();
        if (!piece) {
            co_return piece.error();
        }
        if (piece->empty()) {
            break;
        }
        total += piece->size();
    }
    Response response = json_response(200, std::to_string(total));
    co_return response;
}

Caller caller_of(const Peer& peer) {
    Caller caller;
    caller.user_id = *peer.user_id;
    caller.certificate_sha256 = peer.certificate_sha256;
    return caller;
}

Route make_route(Method method, const char* pattern, BodyKind body, Handler handler) {
    Route route;
    route.method = method;
    route.pattern = pattern;
    route.body = body;
    route.handler = std::move(handler);
    return route;
}

} // namespace

Awaitable<Result<void>> ToldGate::check_certificate(Peer& peer) {
    if (!peer.user_id || protocol::Digest::of(protocol::BytesView(peer.certificate_der())) != peer.certificate_sha256) {
        co_return Error(Code::wrong_certificate, std::string("no user"));
    }
    if (refuse_certificate) {
        co_return Error(Code::certificate_revoked, std::string("told"));
    }
    co_return Result<void>();
}

std::optional<Result<Caller>> ToldGate::known_session(const Peer& peer, std::string_view authorization) {
    if (authorization.empty()) {
        return Result<Caller>(Error(Code::not_signed_in, std::string("token")));
    }
    return authorization == good_token ? std::optional(Result<Caller>(caller_of(peer))) : std::nullopt;
}

Awaitable<Result<Caller>> ToldGate::find_session(const Peer& peer, std::string_view authorization) {
    ++sessions_asked;
    if (authorization != stored_token) {
        co_return Error(Code::not_signed_in, std::string("token"));
    }
    co_return caller_of(peer);
}

Awaitable<Result<void>> ToldGate::still_allowed(Peer& peer, const Caller& /*caller*/) {
    auto certificate = co_await check_certificate(peer);
    if (certificate && end_session) {
        co_return Error(Code::session_expired, std::string("told"));
    }
    co_return certificate;
}

Result<void> ToldGate::check_role(const Caller& /*caller*/, auth::Action /*action*/) {
    return refuse_role ? Result<void>(Error(Code::role_not_allowed, std::string("told"))) : Result<void>();
}

Result<void> ToldGate::check_licence(const Caller& /*caller*/, auth::Action /*action*/) {
    return refuse_licence ? Result<void>(Error(Code::licence_required, std::string("told"))) : Result<void>();
}

Result<void> ToldGate::take_rate(std::string_view /*key*/) {
    ++taken;
    return --tokens_left < 0 ? Result<void>(Error(Code::too_many_requests, std::string("told")).after(3))
                             : Result<void>();
}

std::vector<Route> TestServer::routes() {
    std::vector<Route> all;
    all.push_back(make_route(Method::get, "/v1/hello", BodyKind::none, [](Request& r) {
        return tell("{\"q\":\"" + (r.query.empty() ? std::string() : r.query.front().second) + "\"}");
    }));
    all.push_back(make_route(Method::get, "/v1/mine/{number}", BodyKind::none, [](Request& r) {
        return tell("\"" + r.captures.front() + " " + r.caller->user_id.str() + "\"");
    }));
    all.back().action = auth::Action::send;
    const auto size_of_json = [](Request& r) { return tell(std::to_string(r.json.size())); };
    all.push_back(make_route(Method::post, "/v1/json", BodyKind::json, size_of_json));
    all.push_back(make_route(Method::post, "/v1/batch", BodyKind::batch, size_of_json));
    all.push_back(make_route(Method::put, "/v1/stream", BodyKind::stream, count_stream));
    all.push_back(make_route(Method::put, "/v1/guarded", BodyKind::stream, count_stream));
    all.back().action = auth::Action::send;
    all.push_back(make_route(Method::get, "/v1/throw", BodyKind::none, [](Request&) -> Awaitable<Result<Response>> {
        throw std::runtime_error("secret words");
    }));
    const auto told_source = [this](int pieces) -> Handler {
        return [this, pieces](Request&) -> Awaitable<Result<Response>> {
            Response response;
            response.source = std::make_unique<Pieces>(pieces, 1000, source_bytes);
            response.on_written = [this](bool whole) { ++(whole ? whole_answers : broken_answers); };
            co_return response;
        };
    };
    all.push_back(make_route(Method::get, "/v1/pieces", BodyKind::none, told_source(100)));
    all.push_back(make_route(Method::get, "/v1/broken", BodyKind::none, told_source(5)));
    all.push_back(make_route(
        Method::get,
        "/v1/one-piece",
        BodyKind::none,
        [this](Request&) -> Awaitable<Result<Response>> {
            Response response;
            response.source = std::make_unique<Pieces>(1, 32U << 20U, source_bytes);
            response.on_written = [this](bool whole) { ++(whole ? whole_answers : broken_answers); };
            co_return response;
        }
    ));
    all.push_back(make_route(Method::get, "/v1/large", BodyKind::none, [](Request&) {
        return tell(std::string(8U << 20U, 'l'));
    }));
    return all;
}

TestServer::TestServer(const Options& options) : ca(make_ca()), memory_(options.memory) {
    std::signal(SIGPIPE, SIG_IGN);
    office = issue(ca, "KJ000000000001");
    const TestCertificate own = issue(ca, "localhost");
    config_.tls.certificate = folder_.write("server.pem", own.pem());
    config_.tls.key = folder_.write("server.key", own.key_pem());
    config_.tls.client_ca = folder_.write("ca.pem", ca.pem());
    config_.tls.client_crl = folder_.path() / "ca.crl";
    config_.tls.resumption = options.resumption;
    if (!options.ticket_keys.empty()) {
        config_.tls.ticket_keys_file = folder_.write("ticket.keys", options.ticket_keys);
    }
    config_.limits.connections = options.connections;
    config_.server.listen.host = "127.0.0.1";
    config_.server.listen.port = 0;
    write_crl({});
    tls = std::make_unique<TlsContext>(config_);
    const auto loaded = tls->reload();
    if (!loaded) {
        throw std::runtime_error(loaded.error().cause);
    }
    router_ = std::make_unique<Router>(routes());
    server = std::make_unique<Server>(
        Surroundings{config_, *router_, gate, *tls, memory_, metrics_, options.deadlines}, std::vector{&context_}
    );
    const auto started = server->start();
    if (!started) {
        throw std::runtime_error(started.error().cause);
    }
    thread_ = std::thread([this] { context_.run(); });
}

TestServer::~TestServer() {
    server->close_all();
    static_cast<void>(wait_until([this] { return server->connections() == 0; }));
    context_.stop();
    thread_.join();
    server.reset(); // before its io_context
}

TestCertificate TestServer::issue(const TestCertificate& issuer, const char* name) const {
    CertificateRecipe recipe = recipe_of(name);
    recipe.issuer = &issuer;
    return make_certificate(recipe);
}

void TestServer::write_crl(const std::vector<const TestCertificate*>& revoked) const {
    CrlRecipe recipe;
    recipe.revoked = revoked;
    recipe.last_update = now() - std::chrono::hours(1);
    recipe.next_update = now() + std::chrono::hours(24);
    folder_.write("ca.crl", make_crl_pem(ca, recipe));
}

bool TestServer::wait_until(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

std::string request(const std::string& line, const std::string& fields, const std::string& body) {
    const std::string length = body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return line + " HTTP/1.1\r\nHost: localhost\r\n" + fields + length + "\r\n" + body;
}

std::string get(const std::string& target, const std::string& fields) {
    return request("GET " + target, fields);
}

std::string post(const std::string& target, const std::string& body, const std::string& fields) {
    return request("POST " + target, "Content-Type: application/json\r\n" + fields, body);
}

} // namespace relay::test
