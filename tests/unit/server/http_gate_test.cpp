#include "server/http/pipeline.hpp"
#include "tests/unit/server/http_fixture.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <thread>

using namespace relay::test;

namespace {

const std::string signed_in = "Authorization: Bearer good\r\n";

std::string code_of(const Answer& answer) {
    return answer.status == 0 ? "" : nlohmann::json::parse(answer.body).at("code").get<std::string>();
}

/// The alert comes with the first read in TLS 1.3; the client's own handshake seems good.
bool is_refused(const TestServer& server, const TestCertificate* certificate) {
    TlsClient client(server.server->port(), certificate);
    client.send(get("/v1/hello"));
    return client.receive().status == 0;
}

} // namespace

TEST_CASE("no certificate, a foreign one and a revoked one end the connection before any answer", "[server]") {
    TestServer server;
    CHECK_FALSE(is_refused(server, &server.office));
    CHECK(is_refused(server, nullptr));
    CertificateRecipe self;
    self.not_before = relay::protocol::Time();
    self.not_after = relay::protocol::Time() + std::chrono::hours(24 * 365 * 100);
    const TestCertificate foreign = make_certificate(self);
    CHECK(is_refused(server, &foreign));
    server.write_crl({&server.office});
    CHECK(server.tls->files_changed());
    const auto generation = server.tls->trust_generation();
    REQUIRE(server.tls->reload().has_value());
    CHECK(server.tls->trust_generation() > generation);
    CHECK(is_refused(server, &server.office));
}

TEST_CASE("a certificate that is refused gets 401 on every path, and the connection is closed", "[server]") {
    TestServer server;
    server.gate.refuse_certificate = true;
    for (const char* path : {"/v1/hello", "/v1/unknown"}) {
        TlsClient client(server.server->port(), &server.office);
        client.send(get(path) + get(path));
        const Answer answer = client.receive();
        CHECK(answer.status == 401);
        CHECK(code_of(answer) == "certificate_revoked");
        CHECK(answer.fields.at("WWW-Authenticate") == "Bearer");
        CHECK(client.ended_cleanly());
    }
}

TEST_CASE("session, role, rate limit and licence are asked in this order", "[server]") {
    TestServer server;
    TlsClient client(server.server->port(), &server.office);
    const auto ask = [&](const std::string& fields) {
        client.send(get("/v1/mine/7?x=%zz", fields));
        return code_of(client.receive());
    };
    server.gate.refuse_role = true;
    server.gate.refuse_licence = true;
    CHECK(ask("") == "not_signed_in");
    CHECK(ask(signed_in) == "role_not_allowed");
    server.gate.refuse_role = false;
    server.gate.tokens_left = 0;
    CHECK(ask(signed_in) == "too_many_requests");
    server.gate.tokens_left = 100;
    CHECK(ask(signed_in) == "licence_required");
    server.gate.refuse_licence = false;
    CHECK(ask(signed_in) == "malformed_request");
    client.send(get("/v1/mine/7", signed_in));
    const Answer answer = client.receive();
    CHECK(answer.status == 200);
    CHECK(answer.body == "\"7 KJ000000000001\"");
}

TEST_CASE("every request counts for the rate limit, unknown paths and refused sessions too", "[server]") {
    TestServer server;
    TlsClient client(server.server->port(), &server.office);
    client.send(
        get("/v1/nothing") + get("/v1/mine/1") + get("/v1/mine/1", signed_in) + get("/v1/hello") +
        request("DELETE /v1/hello")
    );
    for (int i = 0; i < 5; ++i) {
        CHECK(client.receive().status != 0);
    }
    CHECK(server.gate.taken == 5);
    server.gate.tokens_left = 0;
    client.send(get("/v1/nothing"));
    const Answer limited = client.receive();
    CHECK(limited.status == 429);
    CHECK(limited.fields.at("Retry-After") == "3");
}

TEST_CASE("tokens that are tried out are limited before the store is asked for them", "[server]") {
    TestServer server;
    TlsClient client(server.server->port(), &server.office);
    const auto ask = [&](const std::string& token) {
        client.send(get("/v1/mine/1", "Authorization: Bearer " + token + "\r\n"));
        return client.receive().status;
    };
    server.gate.tokens_left = 3;
    CHECK(ask("unknown") == 401);
    CHECK(server.gate.taken == 1);
    CHECK(ask("stored") == 200); // counts for the certificate, and for the user that it turned out to be
    CHECK(server.gate.taken == 3);
    CHECK(server.gate.sessions_asked == 2);
    CHECK(ask("unknown") == 429);
    CHECK(ask("stored") == 429);
    CHECK(server.gate.sessions_asked == 2);
}

// covers: 500 internal
TEST_CASE("an exception in a handler is an internal error that shows nothing", "[server]") {
    const TestServer server;
    TlsClient client(server.server->port(), &server.office);
    client.send(get("/v1/throw") + get("/v1/hello"));
    const Answer answer = client.receive();
    CHECK(answer.status == 500);
    CHECK(code_of(answer) == "internal");
    CHECK(answer.body.find("secret") == std::string::npos);
    CHECK(client.receive().status == 200);
}

TEST_CASE("who sends a body slowly is judged again at its end: certificate, session and licence", "[server]") {
    TestServer server;
    const std::string json_head = "POST /v1/json HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n";
    const std::string stream_head = "PUT /v1/guarded HTTP/1.1\r\nHost: h\r\n" + signed_in;
    TlsClient json(server.server->port(), &server.office);
    TlsClient licence(server.server->port(), &server.office);
    TlsClient session(server.server->port(), &server.office);
    TlsClient certificate(server.server->port(), &server.office);
    TlsClient good(server.server->port(), &server.office);
    json.send(json_head + "Content-Length: 2\r\n\r\n{");
    for (TlsClient* client : {&licence, &session, &certificate, &good}) {
        client->send(stream_head + "Content-Length: 2\r\n\r\n1");
    }
    CHECK(TestServer::wait_until([&] { return server.gate.taken == 5; }));
    std::this_thread::sleep_for(relay::server::http::judgement_holds + std::chrono::milliseconds(200));
    good.send("2");
    CHECK(good.receive().body == "2");
    server.gate.refuse_licence = true;
    licence.send("2");
    CHECK(code_of(licence.receive()) == "licence_required");
    server.gate.end_session = true;
    session.send("2");
    CHECK(code_of(session.receive()) == "session_expired");
    server.gate.refuse_certificate = true;
    for (TlsClient* client : {&certificate, &json}) {
        client->send("}");
        CHECK(code_of(client->receive()) == "certificate_revoked");
        CHECK(client->ended_cleanly());
    }
}
