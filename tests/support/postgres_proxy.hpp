// A unix socket in front of PostgreSQL's that loses answers and cuts connections where a test says.
#pragma once

#include "tests/support/temporary_folder.hpp"

#include <atomic>
#include <string>
#include <thread>

namespace relay::test {

class PostgresProxy final {
public:
    /// `upstream`: the folder of PostgreSQL's socket. Throws std::runtime_error.
    explicit PostgresProxy(const std::string& upstream);
    ~PostgresProxy();
    PostgresProxy(const PostgresProxy&) = delete;
    PostgresProxy& operator=(const PostgresProxy&) = delete;

    /// A connection string that led to `upstream`, through this proxy.
    [[nodiscard]] std::string through(const std::string& url) const;

    /// From now on nothing of what PostgreSQL says reaches its client.
    void swallow_answers() { swallowing_ = true; }
    [[nodiscard]] bool has_swallowed() const { return swallowed_; }
    /// Ends every connection on the client's side. PostgreSQL's side stays open, as when a network falls silent, until
    /// end_servers().
    void cut_clients();
    void end_servers() { ending_servers_ = true; }

private:
    void accept();
    void pump(int client);

    std::string upstream_;
    TemporaryFolder folder_;
    int listener_ = -1;
    std::atomic<bool> stopping_ = false, swallowing_ = false, swallowed_ = false, ending_servers_ = false;
    std::atomic<int> cuts_ = 0, threads_ = 0;
    std::thread acceptor_;
};

} // namespace relay::test
