#include "server/http/head_parser.hpp"

#include <catch2/catch.hpp>

#include <optional>

using namespace relay::server::http;
using relay::protocol::as_bytes;
using relay::protocol::ErrorCode;
using State = HeadScan::State;

namespace {

relay::protocol::Result<Head> parse(const std::string& text) {
    return parse_head(as_bytes(text));
}

/// "200" for a head that is taken.
std::string verdict(const std::string& text) {
    HeadScan scan;
    switch (scan.advance(as_bytes(text))) {
    case State::more:
        return "more";
    case State::malformed:
        return "malformed_request";
    case State::too_large:
        return "headers_too_large";
    case State::complete:
        break;
    }
    const auto head = parse(text.substr(0, scan.size()));
    return head ? "taken" : std::string(to_string(head.error().code));
}

std::string get(const std::string& fields, const std::string& target = "/v1/inbox") {
    return "GET " + target + " HTTP/1.1\r\nHost: relay.example:8443\r\n" + fields + "\r\n";
}

std::string put(const std::string& fields) {
    return "PUT /v1/x HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

} // namespace

TEST_CASE("a plain request is read into plain values", "[server]") {
    const auto head = parse("POST /v1/sessions?a=1&b=%E6%97%A5+x&empty= HTTP/1.1\r\nHost: h\r\nContent-Length: "
                            "12\r\nAccept-Language:  en \r\n"
                            "Expect: 100-Continue\r\nConnection: keep-alive, Close\r\n\r\n");
    REQUIRE(head.has_value());
    CHECK(head->method == Method::post);
    CHECK(head->path == "/v1/sessions");
    CHECK(head->target == "/v1/sessions?a=1&b=%E6%97%A5+x&empty=");
    CHECK(head->content_length == 12);
    CHECK(head->expect_continue);
    CHECK_FALSE(head->keep_alive);
    REQUIRE(head->query.size() == 3);
    CHECK(head->query[1].second == "日 x");
    CHECK(head->fields[2] == std::pair<std::string, std::string>("accept-language", "en"));
}

TEST_CASE("the end of a head is found in whatever pieces it comes", "[server]") {
    const std::string text = get("A: b\r\n") + "rest";
    HeadScan scan;
    std::size_t there = 0;
    while (scan.advance(as_bytes(text.substr(0, there))) == State::more) {
        ++there;
    }
    CHECK(scan.size() == text.size() - 4);
    CHECK(there == text.size() - 4);
}

TEST_CASE("a head over 16 KiB is too large whatever lies behind the limit, in whatever pieces it comes", "[server]") {
    const std::string begin = "GET /" + std::string(most_head_bytes, 'a');
    for (const std::string end : {" HTTP/9\r\n\r\n", " x HTTP/1.1\r\n\r\n", "\n", " HTTP/1.1\r\nHost: h\r\n\r\n", ""}) {
        const std::string text = begin + end;
        CHECK(verdict(text) == "headers_too_large");
        HeadScan scan;
        CHECK(scan.advance(as_bytes(text.substr(0, most_head_bytes - 1))) == State::more);
        CHECK(scan.advance(as_bytes(text)) == State::too_large);
    }
}

TEST_CASE("what can never become a head is told at once", "[server]") {
    CHECK(verdict("GET /v1/inbox HTTP/1.1\nHost: h\n") == "malformed_request");
    CHECK(verdict("GET /v1/inbox\r\n") == "malformed_request");
    CHECK(verdict("GET / HTTP/1.0\r\n") == "malformed_request");
    CHECK(verdict("\x16\x03\x01\x02") == "malformed_request");
    CHECK(verdict("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == "malformed_request");
    CHECK(verdict("\r\n\r\nGET / HTTP/1.1\r\n") == "malformed_request");
    CHECK(verdict("\r\n" + get("")) == "taken");
    CHECK(verdict(std::string(most_head_bytes, 'a')) == "headers_too_large");
    CHECK(verdict(get("A: " + std::string(most_head_bytes, 'a') + "\r\n")) == "headers_too_large");
}

TEST_CASE("a head of exactly the limit is taken, one byte more is not", "[server]") {
    const std::size_t frame = get("A: \r\n").size();
    CHECK(verdict(get("A: " + std::string(most_head_bytes - frame, 'a') + "\r\n")) == "taken");
    CHECK(verdict(get("A: " + std::string(most_head_bytes - frame + 1, 'a') + "\r\n")) == "headers_too_large");
}

TEST_CASE("any field named Transfer-Encoding is 411, whatever else is wrong with the fields", "[server]") {
    for (const char* value :
         {" chunked",
          " identity",
          " xchunked",
          " chunked, chunked",
          " ,chunked",
          " chunked,",
          "",
          "\tchunked",
          " \x0b"
          "chunked",
          " chun\x01ked"}) {
        INFO(value);
        CHECK(verdict(put(std::string("Transfer-Encoding:") + value + "\r\n")) == "length_required");
        CHECK(
            verdict(put(std::string("Content-Length: 5\r\ntRANSFER-eNCODING:") + value + "\r\n")) == "length_required"
        );
        CHECK(verdict(get(std::string("Bad Name: x\r\nTransfer-Encoding:") + value + "\r\n")) == "length_required");
    }
    CHECK(verdict(put("Transfer-Encoding: chunked\r\n\tfolded\r\n")) == "length_required");
    CHECK(verdict(put(std::string("Transfer-Encoding: a\0b\r\n", 24))) == "length_required");
    CHECK(verdict("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == "malformed_request");
    CHECK(verdict(put("")) == "length_required");
}

TEST_CASE("names that only look like the real one are never taken for it", "[server]") {
    CHECK(verdict(put("Transfer_Encoding: chunked\r\nContent-Length: 5\r\n")) == "taken");
    CHECK(verdict(put("Content_Length: 5\r\n")) == "length_required");
    CHECK(verdict(put("Transfer-Encoding : chunked\r\nContent-Length: 5\r\n")) == "malformed_request");
    CHECK(verdict(put("Content-Length\xC2\xA0: 5\r\nContent-Length: 5\r\n")) == "malformed_request");
}

TEST_CASE("a length is digits, once", "[server]") {
    for (const char* value :
         {"5, 5",
          "+5",
          "-1",
          "-0",
          "0x5",
          "5_0",
          "5 0",
          "",
          "five",
          "18446744073709551616",
          "9223372036854775808",
          "5\xA0"}) {
        INFO(value);
        CHECK(verdict(put(std::string("Content-Length: ") + value + "\r\n")) == "malformed_request");
    }
    CHECK(verdict(put("Content-Length: 5\r\nContent-Length: 5\r\n")) == "malformed_request");
    CHECK(verdict(put("Content-Length: 5\r\ncontent-length: 6\r\n")) == "malformed_request");
    CHECK(parse(put("Content-Length: 05\r\n"))->content_length == 5);
    CHECK(verdict(get("Content-Length: 1\r\n")) == "malformed_request");
    CHECK(verdict("HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n") == "malformed_request");
    CHECK(verdict("DELETE / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n") == "malformed_request");
    CHECK(verdict(get("Content-Length: 0\r\n")) == "taken");
}

TEST_CASE("fields of a doubtful form are refused", "[server]") {
    for (const std::string field :
         {"A : b",
          "A\t: b",
          ": b",
          "A",
          "A b: c",
          "\xC3\xA4: b",
          " A: b",
          "\tA: b",
          "A: b\r c",
          "A: \x7F",
          "A(x): b"}) {
        INFO(field);
        CHECK(verdict(get(field + "\r\n")) == "malformed_request");
    }
    CHECK(verdict(get(std::string("A: \0\r\n", 6))) == "malformed_request");
    CHECK(verdict(get("A: b\r\n folded\r\n")) == "malformed_request");
    CHECK(verdict(get("A: b\n")) == "malformed_request");
    CHECK(verdict(get("A: \xE6\x97\xA5\r\n")) == "taken");
    CHECK(verdict(get("Authorization: Bearer a\r\nauthorization: Bearer b\r\n")) == "malformed_request");
    CHECK(verdict(get("Relay-Claim: a\r\nRelay-Claim: a\r\n")) == "malformed_request");
}

TEST_CASE("the host is named once and is nothing but a host", "[server]") {
    const auto with = [](const std::string& fields) { return verdict("GET / HTTP/1.1\r\n" + fields + "\r\n"); };
    CHECK(with("") == "malformed_request");
    CHECK(with("Host: a\r\nHost: a\r\n") == "malformed_request");
    for (const char* host : {"", "a, b", "a,b", "user@a", "a/b", "a b", "a:port", "[::1", "a:123456", "[]"}) {
        INFO(host);
        CHECK(with(std::string("Host: ") + host + "\r\n") == "malformed_request");
    }
    for (const char* host : {"localhost", "localhost:8443", "127.0.0.1:1", "[::1]:8443", "[::1]", "a.b-c.example"}) {
        INFO(host);
        CHECK(with(std::string("Host: ") + host + "\r\n") == "taken");
    }
}

TEST_CASE("the request line has one form", "[server]") {
    for (const std::string line :
         {"GET / HTTP/1.0",
          "GET / HTTP/1",
          "GET / HTTP/01.1",
          "GET / http/1.1",
          "GET / HTTP/9.9",
          "GET / HTTP/1.2",
          "GET /",
          "GET  / HTTP/1.1",
          "GET /  HTTP/1.1",
          "GET\t/ HTTP/1.1",
          "GET HTTP/1.1",
          "GET /a b HTTP/1.1",
          "GET /#x HTTP/1.1",
          "GET /\xE6 HTTP/1.1",
          "GET * HTTP/1.1",
          "OPTIONS * HTTP/1.1",
          "CONNECT h:443 HTTP/1.1",
          "GET v1/inbox HTTP/1.1",
          "GET http://other/ HTTP/1.1",
          "GET ftp://h/ HTTP/1.1",
          "G(T / HTTP/1.1",
          " GET / HTTP/1.1",
          "GET / HTTP/1.1 "}) {
        INFO(line);
        CHECK(verdict(line + "\r\nHost: h\r\n\r\n") == "malformed_request");
    }
    CHECK(verdict("get / HTTP/1.1\r\nHost: h\r\n\r\n") == "taken");
    CHECK(parse("get / HTTP/1.1\r\nHost: h\r\n\r\n")->method == Method::other);
    CHECK(parse("GET https://H/v1/inbox?a=b HTTP/1.1\r\nHost: h\r\n\r\n")->path == "/v1/inbox");
    CHECK(parse("GET /v1/%00/../\\x HTTP/1.1\r\nHost: h\r\n\r\n")->path == "/v1/%00/../\\x");
}

TEST_CASE("a query that cannot be decoded is no framing error and names the parameter", "[server]") {
    for (const char* query : {"from=%zz", "from=%4", "from=%", "from=%00", "from=%FF", "from=1&from=2"}) {
        INFO(query);
        const auto head = parse(get("", std::string("/v1/inbox?limit=5&") + query));
        REQUIRE(head.has_value());
        REQUIRE(head->query_findings.size() == 1);
        CHECK(head->query_findings.front().pointer == "from");
        CHECK(head->query.front().second == "5");
    }
}

TEST_CASE("of a query no more than 32 parameters are read, and the first of the others is told", "[server]") {
    std::string query = "/v1/inbox?";
    for (int i = 0; i < 5000; ++i) {
        query += "&" + std::to_string(i);
    }
    const auto head = parse(get("", query.substr(0, 15'000)));
    REQUIRE(head.has_value());
    CHECK(head->query.size() == 32);
    REQUIRE(head->query_findings.size() == 1);
    CHECK(head->query_findings.front().pointer == "32");
    CHECK(head->query_findings.front().code == "out_of_range");
}
