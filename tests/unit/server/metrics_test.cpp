#include "server/ops/metrics.hpp"

#include "server/ops/admin_endpoint.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <thread>

using namespace relay::server;
namespace asio = boost::asio;

namespace {

bool has_line(const std::string& page, const std::string& line) {
    return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
}

std::string get(std::uint16_t port, const std::string& request) {
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::make_address("127.0.0.1"), port});
    asio::write(socket, asio::buffer(request));
    std::string answer;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(answer), end);
    return answer;
}

} // namespace

TEST_CASE("the metrics page tells requests by route, method and status class", "[server]") {
    ops::Metrics metrics("1.2.3");
    auto& series = metrics.route("GET", "/v1/inbox");
    CHECK(&series == &metrics.route("GET", "/v1/inbox"));
    series.add(200, 0.002);
    series.add(204, 0.002);
    series.add(404, 0.002);
    series.add(0, 0.002);
    const std::string page = metrics.text();
    CHECK(has_line(page, R"(relay_requests_total{method="GET",route="/v1/inbox",status="2xx"} 2)"));
    CHECK(has_line(page, R"(relay_requests_total{method="GET",route="/v1/inbox",status="4xx"} 1)"));
    CHECK(has_line(page, R"(relay_requests_total{method="GET",route="/v1/inbox",status="broken"} 1)"));
    CHECK(has_line(page, R"(relay_request_duration_seconds_count{method="GET",route="/v1/inbox"} 4)"));
    CHECK(has_line(page, R"(relay_build_info{version="1.2.3"} 1)"));
}

TEST_CASE("gauges, counters and histograms of the other rooms are told", "[server]") {
    ops::Metrics metrics("1");
    metrics.error(relay::protocol::ErrorCode::too_many_requests);
    metrics.connections(3);
    metrics.connections(-1);
    metrics.parked_polls(5);
    metrics.db_query("accept", 0.001, 0.002);
    metrics.crl_overdue(true);
    const std::string page = metrics.text();
    CHECK(has_line(page, R"(relay_errors_total{code="too_many_requests"} 1)"));
    CHECK(has_line(page, "relay_connections 2"));
    CHECK(has_line(page, "relay_parked_polls 5"));
    CHECK(has_line(page, R"(relay_db_query_duration_seconds_count{query="accept"} 1)"));
    CHECK(has_line(page, "relay_crl_overdue 1"));
}

TEST_CASE("the admin listener tells health, readiness with what is missing, and metrics", "[server]") {
    ops::Metrics metrics("1");
    asio::io_context io;
    Endpoint endpoint;
    endpoint.host = "127.0.0.1";
    ops::AdminEndpoint admin(io, endpoint, metrics);
    std::atomic<bool> database{true};
    admin.add_probe([&]() -> std::optional<std::string> {
        return database ? std::nullopt : std::optional<std::string>("database");
    });
    REQUIRE(admin.start().has_value());
    std::thread runner([&] { io.run(); });
    const auto ask = [&](const std::string& path) {
        return get(admin.port(), "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    };
    const std::string healthy = ask("/healthz");
    const std::string ready = ask("/readyz");
    database = false;
    const std::string missing = ask("/readyz");
    database = true;
    admin.set_draining();
    const std::string draining = ask("/readyz?verbose");
    const std::string page = ask("/metrics");
    const std::string unknown = ask("/");
    const std::string posted = get(admin.port(), "POST /healthz HTTP/1.1\r\n\r\n");
    io.stop();
    runner.join();
    CHECK(healthy.starts_with("HTTP/1.1 200 "));
    CHECK(healthy.ends_with("\r\n\r\nok\n"));
    CHECK(ready.starts_with("HTTP/1.1 200 "));
    CHECK(missing.starts_with("HTTP/1.1 503 "));
    CHECK(missing.ends_with("\r\n\r\n[\"database\"]\n"));
    CHECK(draining.starts_with("HTTP/1.1 503 "));
    CHECK(draining.ends_with("[\"draining\"]\n"));
    CHECK(page.find("relay_build_info") != std::string::npos);
    CHECK(unknown.starts_with("HTTP/1.1 404 "));
    CHECK(posted.starts_with("HTTP/1.1 405 "));
}
