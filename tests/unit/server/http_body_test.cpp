#include "tests/unit/server/http_fixture.hpp"

#include <catch2/catch.hpp>

using namespace relay::test;
using namespace std::chrono_literals;

TEST_CASE("JSON comes with its content type and no other coding", "[server]") {
    const TestServer server;
    const auto status_of = [&](const std::string& fields, const std::string& line = "POST /v1/json") {
        TlsClient client(server.server->port(), &server.office);
        client.send(request(line, fields, "{}"));
        return client.receive().status;
    };
    CHECK(status_of("Content-Type: application/json\r\n") == 200);
    CHECK(status_of("Content-Type: Application/JSON ; charset=utf-8\r\n") == 200);
    CHECK(status_of("") == 415);
    CHECK(status_of("Content-Type: text/json\r\n") == 415);
    CHECK(status_of("Content-Type: application/json\r\nContent-Encoding: gzip\r\n") == 415);
    CHECK(status_of("Content-Type: application/json\r\nContent-Encoding: identity\r\n") == 200);
    CHECK(status_of("", "PUT /v1/stream") == 200);
    CHECK(status_of("Content-Type: text/plain\r\n", "PUT /v1/stream") == 200);
    CHECK(status_of("Content-Encoding: gzip\r\n", "PUT /v1/stream") == 415);
}

TEST_CASE("JSON is at most 1 MiB, a batch 16 MiB, told before a byte of it is read", "[server]") {
    const TestServer server;
    const auto head = [](const char* target, std::size_t length) {
        return "POST " + std::string(target) +
               " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(length) +
               "\r\n\r\n";
    };
    for (const auto& [target, most] : {std::pair("/v1/json", 1U << 20U), std::pair("/v1/batch", 16U << 20U)}) {
        INFO(target);
        TlsClient good(server.server->port(), &server.office);
        good.send(head(target, most) + std::string(most, ' '));
        CHECK(good.receive().body == std::to_string(most));
        TlsClient large(server.server->port(), &server.office);
        large.send(head(target, most + 1));
        const Answer answer = large.receive();
        CHECK(answer.status == 413);
        CHECK(answer.fields.at("Connection") == "close");
        CHECK(large.ended_cleanly());
    }
}

TEST_CASE("a refusal can be read by a client that is still sending its body, a large chunk too", "[server]") {
    const TestServer server;
    for (const std::size_t size : {600'000U, 16U << 20U}) {
        TlsClient client(server.server->port(), &server.office);
        CHECK(client.send(request("PUT /v1/guarded", "", std::string(size, 'x'))));
        const Answer answer = client.receive();
        CHECK(answer.status == 401);
        CHECK(answer.fields.at("WWW-Authenticate") == "Bearer");
        CHECK(answer.fields.at("Connection") == "close");
        CHECK(client.ended_cleanly());
    }
}

TEST_CASE("100 Continue is sent only after the checks that need no body", "[server]") {
    const TestServer server;
    const std::string head = "PUT /v1/guarded HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n";
    TlsClient refused(server.server->port(), &server.office);
    refused.send(head + "\r\n");
    CHECK(refused.receive().status == 401);
    TlsClient bad_range(server.server->port(), &server.office);
    bad_range.send(head + "Authorization: Bearer good\r\nContent-Range: bytes 0-2/3\r\n\r\n");
    CHECK(bad_range.receive().status == 400);
    TlsClient good(server.server->port(), &server.office);
    good.send(head + "Authorization: Bearer good\r\n\r\n");
    CHECK(good.receive(true).status == 100);
    good.send("abc");
    CHECK(good.receive().body == "3");
    good.send(request("PUT /v1/stream", "Expect: the-unexpected\r\n", "12"));
    CHECK(good.receive().body == "2");
    // The body came with the head: no interim answer is needed.
    good.send(head + "Authorization: Bearer good\r\n\r\nabc");
    CHECK(good.receive().body == "3");
}

TEST_CASE("a streamed body is read piece by piece to its last byte", "[server]") {
    const TestServer server;
    TlsClient client(server.server->port(), &server.office);
    client.send(request("PUT /v1/stream", "", std::string(3'000'000, 'x')) + get("/v1/hello?q=next"));
    CHECK(client.receive().body == "3000000");
    CHECK(client.receive().body == R"({"q":"next"})");
}

TEST_CASE("a body that ends before its length is refused, and its bytes are nobody's request", "[server]") {
    TestServer server;
    {
        TlsClient client(server.server->port(), &server.office);
        client.send("PUT /v1/stream HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n" + get("/v1/pieces"));
    }
    CHECK(TestServer::wait_until([&] { return server.server->connections() == 0; }));
    CHECK(server.whole_answers == 0);
}

TEST_CASE("an answer in pieces is told when it was written whole", "[server]") {
    TestServer server;
    TlsClient client(server.server->port(), &server.office);
    client.send(get("/v1/pieces") + get("/v1/hello"));
    CHECK(client.receive().body == std::string(100'000, 'p'));
    CHECK(client.receive().status == 200);
    CHECK(server.whole_answers == 1);
    CHECK(server.source_bytes == 100'000);
}

TEST_CASE("an answer whose source fails is broken off, never ended as if whole", "[server]") {
    TestServer server;
    TlsClient client(server.server->port(), &server.office);
    client.send(get("/v1/broken"));
    CHECK(client.receive().status == 0);
    CHECK(TestServer::wait_until([&] { return server.broken_answers == 1; }));
    CHECK(server.whole_answers == 0);
    CHECK(server.source_bytes == 5'000);
}

TEST_CASE("what a client got of a piece counts as written when the line breaks within it", "[server]") {
    TestServer server;
    constexpr std::size_t wanted = 100'000;
    std::size_t got = 0;
    {
        TlsClient client(server.server->port(), &server.office);
        client.send(get("/v1/one-piece"));
        got = client.receive_some(wanted);
    }
    CHECK(got >= wanted);
    CHECK(TestServer::wait_until([&] { return server.broken_answers == 1; }));
    const std::int64_t head = 1000; // at most
    CHECK(server.source_bytes >= static_cast<std::int64_t>(got) - head);
    CHECK(server.source_bytes < 32 << 20);
}

TEST_CASE("bodies beyond the memory limit are unavailable for now", "[server]") {
    TestServer::Options options;
    options.memory = 1000;
    const TestServer server(options);
    TlsClient client(server.server->port(), &server.office);
    client.send(post("/v1/json", std::string(2000, ' ')));
    const Answer answer = client.receive();
    CHECK(answer.status == 503);
    CHECK(answer.fields.contains("Retry-After"));
}
