#include "server/http/session_cache.hpp"
#include "server/http/session_peer.hpp"
#include "tests/unit/server/http_fixture.hpp"

#include <catch2/catch.hpp>
#include <openssl/ssl.h>

#include <ctime>

using namespace relay::test;
namespace http = relay::server::http;

namespace {

/// A session that was made by a full handshake and one request.
ClientSession make_session(const TestServer& server, const TestCertificate& office) {
    TlsClient client(server.server->port(), &office);
    client.send(get("/v1/hello"));
    REQUIRE(client.receive().status == 200);
    CHECK_FALSE(client.resumed());
    return client.session();
}

ClientSession make_session(const TestServer& server) {
    return make_session(server, server.office);
}

/// Whether the session is resumed, and its first request answered.
bool resumes(const TestServer& server, const TestCertificate& office, const ClientSession& session) {
    TlsClient again(server.server->port(), &office, session.get());
    again.send(get("/v1/hello"));
    return again.receive().status == 200 && again.resumed();
}

/// As if it were made so many seconds ago, for an hour.
http::SessionPtr old_session(unsigned number, long age) {
    http::SessionPtr session(SSL_SESSION_new());
    REQUIRE(SSL_SESSION_set1_id(session.get(), reinterpret_cast<const unsigned char*>(&number), sizeof number) == 1);
    SSL_SESSION_set_time(session.get(), std::time(nullptr) - age);
    SSL_SESSION_set_timeout(session.get(), 3600);
    return session;
}

} // namespace

TEST_CASE("a session with a client certificate resumes, by name or by ticket, and not when it is off", "[server]") {
    for (const char* mode : {"stateful", "tickets", "off"}) {
        INFO(mode);
        TestServer::Options options;
        options.resumption = mode;
        const TestServer server(options);
        ClientSession session = make_session(server);
        // A line that was lost, without a goodbye, costs no session; and one that was resumed gives the next.
        for (int i = 0; i < 3; ++i) {
            TlsClient again(server.server->port(), &server.office, session.get());
            CHECK(again.resumed() == (std::string(mode) != "off"));
            again.send(get("/v1/hello"));
            CHECK(again.receive().status == 200);
            session = again.session();
        }
    }
}

TEST_CASE("a session never outlives the revocation of its certificate", "[server]") {
    for (const char* mode : {"stateful", "tickets"}) {
        INFO(mode);
        TestServer::Options options;
        options.resumption = mode;
        const TestServer server(options);
        const ClientSession session = make_session(server);
        server.write_crl({&server.office});
        REQUIRE(server.tls->reload().has_value());
        TlsClient again(server.server->port(), &server.office, session.get());
        again.send(get("/v1/hello"));
        CHECK(again.receive().status == 0);
        CHECK_FALSE(again.resumed());
    }
}

TEST_CASE("a new CRL costs a full handshake to those alone whom it names", "[server]") {
    for (const char* mode : {"stateful", "tickets"}) {
        INFO(mode);
        TestServer::Options options;
        options.resumption = mode;
        // Tickets outlive a reload by keys that do.
        options.ticket_keys = std::string(mode) == "tickets" ? std::string(80, 'k') : std::string();
        const TestServer server(options);
        const TestCertificate revoked = server.issue(server.ca, "KJ000000000002");
        const ClientSession session = make_session(server);
        const ClientSession of_revoked = make_session(server, revoked);
        server.write_crl({&revoked});
        REQUIRE(server.tls->reload().has_value());
        CHECK(resumes(server, server.office, session));
        CHECK_FALSE(resumes(server, revoked, of_revoked));
    }
}

TEST_CASE("a session never outlives the trust in its certificate's CA", "[server]") {
    const TestServer server;
    const ClientSession session = make_session(server);
    CertificateRecipe recipe;
    recipe.common_names = {"Another CA"};
    recipe.ca = true;
    server.write_client_ca(make_certificate(recipe));
    REQUIRE(server.tls->reload().has_value());
    CHECK_FALSE(resumes(server, server.office, session));
    server.write_client_ca(server.ca);
    REQUIRE(server.tls->reload().has_value());
    CHECK_FALSE(resumes(server, server.office, session)); // the refusal ended it
}

TEST_CASE("sessions that ran out leave the cache as others come, though there is room", "[server]") {
    http::SessionCache cache(1'000'000);
    unsigned number = 0;
    for (; number < 1000; ++number) {
        cache.add(old_session(number, 7200));
    }
    CHECK(cache.size() < 100);
    for (; number < 2000; ++number) {
        cache.add(old_session(number, 60));
    }
    CHECK(cache.size() == 1000);
    const auto last = old_session(1999, 60);
    CHECK(cache.find(http::session_id(last.get())) != nullptr);
}

TEST_CASE("trust and its generation are told of the same reload", "[server]") {
    const TestServer server;
    const auto certificate = relay::auth::read_certificate(server.office.der());
    REQUIRE(certificate.has_value());
    const auto first = server.tls->trust_generation();
    std::atomic<bool> done{false};
    std::atomic<int> mismatches{0};
    std::thread reader([&] {
        while (!done) {
            const auto [trust, generation] = server.tls->trust_and_generation();
            const auto now = std::chrono::floor<relay::protocol::Duration>(std::chrono::system_clock::now());
            const bool revoked = trust->verify(*certificate, now) == relay::auth::ChainVerdict::in_crl;
            mismatches += revoked == ((generation - first) % 2 == 1) ? 0 : 1;
        }
    });
    for (int i = 0; i < 50; ++i) {
        server.write_crl(i % 2 == 0 ? std::vector{&server.office} : std::vector<const TestCertificate*>());
        CHECK(server.tls->reload().has_value());
    }
    done = true;
    reader.join();
    CHECK(server.tls->trust_generation() == first + 50);
    CHECK(mismatches == 0);
}

TEST_CASE("renewing the server certificate keeps the sessions", "[server]") {
    const TestServer server;
    const ClientSession session = make_session(server);
    const auto generation = server.tls->trust_generation();
    REQUIRE(server.tls->reload().has_value());
    CHECK(server.tls->trust_generation() == generation);
    TlsClient again(server.server->port(), &server.office, session.get());
    CHECK(again.resumed());
}

TEST_CASE("tickets of kept keys outlive a reload, those of a dropped key do not", "[server]") {
    const std::string first(80, 'a');
    const std::string second(80, 'b');
    TestServer::Options options;
    options.resumption = "tickets";
    options.ticket_keys = first;
    const TestServer server(options);
    ClientSession session = make_session(server);
    const auto goes_on = [&] {
        TlsClient again(server.server->port(), &server.office, session.get());
        again.send(get("/v1/hello"));
        const bool good = again.receive().status == 200 && again.resumed();
        session = again.session();
        return good;
    };
    REQUIRE(server.tls->reload().has_value());
    CHECK(goes_on());
    server.write_ticket_keys(second + first);
    CHECK(server.tls->files_changed());
    REQUIRE(server.tls->reload().has_value());
    CHECK(goes_on()); // and gets a ticket of the newest key
    server.write_ticket_keys(second);
    REQUIRE(server.tls->reload().has_value());
    CHECK(goes_on());
    server.write_ticket_keys(std::string(80, 'c'));
    REQUIRE(server.tls->reload().has_value());
    CHECK_FALSE(goes_on());
    server.write_ticket_keys("short");
    CHECK_FALSE(server.tls->reload().has_value());
    CHECK(goes_on()); // what was in force stays so
}

TEST_CASE("a packed session has its peer's certificate as DER alone, and resumes as before", "[server]") {
    const TestServer server;
    const ClientSession session = make_session(server);
    const X509* const certificate = SSL_SESSION_get0_peer(session.get()); // the server's, at this end
    REQUIRE(certificate != nullptr);
    std::vector<std::uint8_t> der(static_cast<std::size_t>(i2d_X509(certificate, nullptr)));
    std::uint8_t* end = der.data();
    i2d_X509(certificate, &end);
    CHECK_FALSE(http::packed_peer(session.get()));

    for (int i = 0; i < 2; ++i) { // the second time finds nothing to do
        REQUIRE(http::pack_peer(session.get()));
        CHECK(SSL_SESSION_get0_peer(session.get()) == nullptr);
        const auto peer = http::packed_peer(session.get());
        REQUIRE(peer.has_value());
        CHECK(relay::protocol::to_bytes(peer->certificate_der) == der);
        CHECK(peer->not_before < peer->not_after);
        CHECK_FALSE(peer->user_id.has_value());
    }
    TlsClient again(server.server->port(), &server.office, session.get());
    CHECK(again.resumed());
    again.send(get("/v1/hello"));
    CHECK(again.receive().status == 200);
}

TEST_CASE("what no server of ours packed is no peer", "[server]") {
    const ClientSession session(SSL_SESSION_new());
    CHECK_FALSE(http::pack_peer(session.get()));
    for (const std::string text :
         {"",
          "short",
          "two times and 17 bytes of a name",
          "0123456789abcdef\xff"
          "KJ"}) {
        INFO(text);
        REQUIRE(SSL_SESSION_set1_ticket_appdata(session.get(), text.data(), text.size()) == 1);
        CHECK_FALSE(http::packed_peer(session.get()));
    }
}
