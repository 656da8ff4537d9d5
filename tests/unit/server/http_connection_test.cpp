#include "tests/unit/server/http_fixture.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <optional>

using namespace relay::test;
using namespace std::chrono_literals;

namespace {

TestServer::Options short_deadlines() {
    TestServer::Options options;
    options.deadlines.handshake = 300ms;
    options.deadlines.header = 300ms;
    options.deadlines.body_piece = 300ms;
    options.deadlines.idle = 300ms;
    options.deadlines.write = 300ms;
    options.deadlines.linger = 300ms;
    return options;
}

} // namespace

TEST_CASE("a request gets its answer, and the connection serves the next", "[server]") {
    const TestServer server;
    TlsClient client(server.server->port(), &server.office);
    CHECK(client.protocol() == "http/1.1");
    for (int i = 0; i < 3; ++i) {
        client.send(get("/v1/hello?q=a%20b"));
        const Answer answer = client.receive();
        CHECK(answer.status == 200);
        CHECK(answer.body == R"({"q":"a b"})");
        CHECK(answer.fields.at("Content-Type") == "application/json");
        CHECK(answer.fields.at("Cache-Control") == "no-store");
        CHECK(relay::protocol::RequestId::parse(answer.fields.at("Request-Id")).has_value());
        CHECK_FALSE(answer.fields.contains("Connection"));
    }
}

TEST_CASE("an unknown path is a problem in the language that was asked for", "[server]") {
    const TestServer server;
    TlsClient client(server.server->port(), &server.office);
    client.send(get("/v1/nothing", "Accept-Language: en\r\n"));
    const Answer answer = client.receive();
    CHECK(answer.status == 404);
    CHECK(answer.fields.at("Content-Type") == "application/problem+json");
    CHECK(answer.fields.at("Content-Language") == "en");
    const auto problem = nlohmann::json::parse(answer.body);
    CHECK(problem.at("code") == "not_found");
    CHECK(problem.at("instance") == "urn:uuid:" + answer.fields.at("Request-Id"));
    client.send(get("/v1/nothing"));
    CHECK(client.receive().fields.at("Content-Language") == "ja");
}

TEST_CASE("a wrong method is told the right ones; HEAD gets no body", "[server]") {
    const TestServer server;
    TlsClient client(server.server->port(), &server.office);
    client.send(request("DELETE /v1/hello"));
    const Answer deleted = client.receive();
    CHECK(deleted.status == 405);
    CHECK(deleted.fields.at("Allow") == "GET");
    client.send(request("HEAD /v1/hello") + get("/v1/hello"));
    CHECK(client.receive(true).status == 405);
    CHECK(client.receive().status == 200);
}

TEST_CASE("pipelined requests are answered in order, bodies included", "[server]") {
    const TestServer server;
    TlsClient client(server.server->port(), &server.office);
    client.send(
        post("/v1/json", "{\"a\":1}") + get("/v1/hello?q=1") + post("/v1/json", std::string(40'000, ' ')) +
        get("/v1/hello?q=2")
    );
    CHECK(client.receive().body == "7");
    CHECK(client.receive().body == R"({"q":"1"})");
    CHECK(client.receive().body == "40000");
    CHECK(client.receive().body == R"({"q":"2"})");
}

TEST_CASE("a request that comes byte by byte is read as one", "[server]") {
    const TestServer server;
    TlsClient client(server.server->port(), &server.office);
    for (const char c : post("/v1/json", "{\"a\":1}")) {
        client.send(std::string(1, c));
    }
    CHECK(client.receive().body == "7");
}

TEST_CASE("what cannot be framed is refused and nothing behind it is read as a request", "[server]") {
    const TestServer server;
    const std::vector<std::pair<std::string, int>> bad{
        {"POST /v1/json HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411},
        {"POST /v1/json HTTP/1.1\r\nHost: h\r\n\r\n", 411},
        {"POST /v1/json HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
        {"GET /v1/hello HTTP/1.0\r\nHost: h\r\n\r\n", 400},
        {"GET /v1/hello HTTP/1.1\r\n\r\n", 400},
        {"GET /v1/hello HTTP/1.1\nHost: h\n\n", 400},
        {get("/v1/hello", "A: b\r\n folded\r\n"), 400},
        {get("/v1/hello", "A: " + std::string(20'000, 'a') + "\r\n"), 431},
    };
    for (const auto& [text, status] : bad) {
        INFO(text.substr(0, 200));
        TlsClient client(server.server->port(), &server.office);
        client.send(text + get("/v1/hello"));
        const Answer answer = client.receive();
        CHECK(answer.status == status);
        CHECK(answer.fields.at("Connection") == "close");
        CHECK(client.ended_cleanly());
    }
}

TEST_CASE("a connection ends after the answer when the client asks for it", "[server]") {
    const TestServer server;
    TlsClient client(server.server->port(), &server.office);
    client.send(get("/v1/hello", "Connection: close\r\n") + get("/v1/hello"));
    const Answer answer = client.receive();
    CHECK(answer.status == 200);
    CHECK(answer.fields.at("Connection") == "close");
    CHECK(client.ended_cleanly());
}

TEST_CASE("a head or a body that comes too slowly is 408, an idle connection is just closed", "[server]") {
    const TestServer server(short_deadlines());
    TlsClient head(server.server->port(), &server.office);
    head.send("GET /v1/hello HTTP/1.1\r\nHo");
    TlsClient body(server.server->port(), &server.office);
    body.send("POST /v1/json HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{");
    TlsClient idle(server.server->port(), &server.office);
    idle.send(get("/v1/hello"));
    TlsClient silent(server.server->port(), &server.office);
    for (TlsClient* client : {&head, &body}) {
        const Answer answer = client->receive();
        CHECK(answer.status == 408);
        CHECK(nlohmann::json::parse(answer.body).at("code") == "timeout");
        CHECK(client->ended_cleanly());
    }
    CHECK(idle.receive().status == 200);
    CHECK(idle.ended_cleanly());
    CHECK(silent.ended_cleanly());
}

TEST_CASE("a client that never reads its answer is given up", "[server]") {
    TestServer server(short_deadlines());
    TlsClient client(server.server->port(), &server.office);
    client.send(get("/v1/large"));
    client.send(get("/v1/large"));
    CHECK(TestServer::wait_until([&] { return server.server->connections() == 1; }));
    CHECK(TestServer::wait_until([&] { return server.server->connections() == 0; }));
}

TEST_CASE("beyond the most connections a new one is closed at once", "[server]") {
    TestServer::Options options;
    options.connections = 1;
    const TestServer server(options);
    TlsClient first(server.server->port(), &server.office);
    first.send(get("/v1/hello"));
    CHECK(first.receive().status == 200);
    CHECK_THROWS(TlsClient(server.server->port(), &server.office));
    first.send(get("/v1/hello"));
    CHECK(first.receive().status == 200);
}

TEST_CASE("draining closes what is idle and lets what is under way finish", "[server]") {
    const TestServer server;
    TlsClient idle(server.server->port(), &server.office);
    idle.send(get("/v1/hello"));
    CHECK(idle.receive().status == 200);
    TlsClient busy(server.server->port(), &server.office);
    busy.send("PUT /v1/stream HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    CHECK(busy.receive(true).status == 100);
    server.server->drain();
    CHECK(idle.ended_cleanly());
    busy.send("12345");
    const Answer answer = busy.receive();
    CHECK(answer.status == 200);
    CHECK(answer.fields.at("Connection") == "close");
    CHECK(busy.ended_cleanly());
    CHECK_THROWS(TlsClient(server.server->port(), &server.office));
    CHECK(TestServer::wait_until([&] { return server.server->connections() == 0; }));
}

TEST_CASE("a port that another listener has is an error", "[server]") {
    const TestServer server;
    relay::server::Config config;
    config.server.listen.host = "127.0.0.1";
    config.server.listen.port = server.server->port();
    boost::asio::io_context io;
    relay::server::http::Router router({});
    ToldGate gate;
    relay::server::http::MemoryBudget memory(1);
    relay::server::ops::Metrics metrics("test");
    relay::server::http::Server second(
        relay::server::http::Surroundings{config, router, gate, *server.tls, memory, metrics}, std::vector{&io}
    );
    const auto started = second.start();
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().cause.find("in use") != std::string::npos);
}
