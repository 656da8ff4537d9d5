// What is counted and measured, for /metrics. Labels are route patterns, methods, status classes, query names and error
// codes only: never a peer, a user or a bundle.
#pragma once

#include "protocol/error.hpp"
#include "protocol/time.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace relay::server::ops {

/// The series of one route, looked up once when routes are built.
class RouteSeries {
public:
    virtual ~RouteSeries() = default;
    /// Thread-safe. `status` 0: the connection broke before an answer.
    virtual void add(int status, double seconds) = 0;
};

enum class Handshake : std::uint8_t { full, resumed, failed };

/// Thread-safe. One per process, made by app.
class Metrics {
public:
    explicit Metrics(std::string_view version);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// The page: text/plain; version=0.0.4.
    [[nodiscard]] std::string text() const;

    /// Lives as long as the Metrics. The same series for the same names.
    [[nodiscard]] RouteSeries& route(std::string_view method, std::string_view pattern);
    void error(protocol::ErrorCode code);
    void bytes(std::int64_t received, std::int64_t sent);
    void handshake(Handshake outcome);
    void connections(int delta);
    void connection_refused();
    void body_memory(std::int64_t bytes_used);
    void parked_polls(int delta);

    void db_queue_depth(std::int64_t jobs);
    void db_query(std::string_view name, double wait_seconds, double run_seconds);

    /// Of an S3 store: `op` and `outcome` as storage::objects::StoreObserver tells them.
    void object_request(std::string_view op, std::string_view outcome, double seconds);
    void object_store_up(bool answers);
    /// `kind`: missing or damaged.
    void payload_fault(std::string_view kind);
    /// What the last complete look at the store found: objects without a row, rows without an object.
    void orphans(std::int64_t objects, std::int64_t rows);

    void log_leaves(std::int64_t count);
    void certificate_expires_at(protocol::Time time);
    void crl_overdue(bool overdue);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace relay::server::ops
