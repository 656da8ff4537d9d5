// A whole HTTPS listener in the test's process: certificates of its own, a gate that does as it is told, a few routes.
#pragma once

#include "server/http/server.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/server/tls_client.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace relay::test {

inline constexpr const char* good_token = "Bearer good";     ///< known from memory
inline constexpr const char* stored_token = "Bearer stored"; ///< only the store knows it

/// A user's certificate counts as registered unless `refuse_certificate` says otherwise.
class ToldGate final : public server::http::Gate {
public:
    using Code = protocol::ErrorCode;
    [[nodiscard]] Awaitable<protocol::Result<void>> check_certificate(server::http::Peer& peer) override;
    [[nodiscard]] std::optional<protocol::Result<server::http::Caller>>
    known_session(const server::http::Peer& peer, std::string_view authorization) override;
    [[nodiscard]] Awaitable<protocol::Result<server::http::Caller>>
    find_session(const server::http::Peer& peer, std::string_view authorization) override;
    [[nodiscard]] Awaitable<protocol::Result<void>>
    still_allowed(server::http::Peer& peer, const server::http::Caller& caller) override;
    [[nodiscard]] protocol::Result<void> check_role(const server::http::Caller& caller, auth::Action action) override;
    [[nodiscard]] protocol::Result<void>
    check_licence(const server::http::Caller& caller, auth::Action action) override;
    [[nodiscard]] protocol::Result<void> take_rate(std::string_view key) override;

    std::atomic<bool> refuse_certificate{false};
    std::atomic<bool> end_session{false}; ///< told by still_allowed alone
    std::atomic<bool> refuse_role{false};
    std::atomic<bool> refuse_licence{false};
    std::atomic<int> tokens_left{1'000'000};
    std::atomic<int> taken{0};
    std::atomic<int> sessions_asked{0}; ///< of the store
};

class TestServer final {
public:
    struct Options {
        server::http::Deadlines deadlines{};
        std::string resumption = "stateful";
        std::string ticket_keys{}; ///< content of tls.ticket_keys_file; empty: none
        int connections = 100;
        std::int64_t memory = 64LL << 20;
    };
    TestServer() : TestServer(Options()) {}
    explicit TestServer(const Options& options);
    ~TestServer();

    [[nodiscard]] TlsClient connect() const { return TlsClient(server->port(), &office); }
    [[nodiscard]] TestCertificate issue(const TestCertificate& issuer, const char* name) const;
    void write_ticket_keys(const std::string& content) const { folder_.write("ticket.keys", content); }
    void write_client_ca(const TestCertificate& accepted) const { folder_.write("ca.pem", accepted.pem()); }
    void write_crl(const std::vector<const TestCertificate*>& revoked) const;
    /// Until the condition holds, at most 5 s.
    [[nodiscard]] static bool wait_until(const std::function<bool()>& condition);

    TestCertificate ca;
    TestCertificate office;
    ToldGate gate;
    std::atomic<int> whole_answers{0};
    std::atomic<int> broken_answers{0};
    std::atomic<std::int64_t> source_bytes{0}; ///< as told to the source at its end
    std::unique_ptr<server::http::TlsContext> tls;
    std::unique_ptr<server::http::Server> server;

private:
    [[nodiscard]] std::vector<server::http::Route> routes();

    TemporaryFolder folder_;
    server::Config config_;
    server::ops::Metrics metrics_{"test"};
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<Executor> guard_{context_.get_executor()};
    server::http::MemoryBudget memory_;
    std::unique_ptr<server::http::Router> router_;
    std::thread thread_;
};

/// "METHOD TARGET HTTP/1.1", Host, the fields (each with its line end), and the body with its length.
[[nodiscard]] std::string
request(const std::string& line, const std::string& fields = {}, const std::string& body = {});
[[nodiscard]] std::string get(const std::string& target, const std::string& fields = {});
/// POST with JSON.
[[nodiscard]] std::string post(const std::string& target, const std::string& body, const std::string& fields = {});

} // namespace relay::test
