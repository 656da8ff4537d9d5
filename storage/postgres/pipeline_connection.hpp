// A libpq connection in pipeline mode: carries out a list of prepared statements as one transaction. One thread's own.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/error.hpp"
#include "storage/postgres/plan_age.hpp"
#include "storage/postgres/query.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <libpq-fe.h>

namespace relay::storage::postgres {

/// Parameters in binary format; their bytes belong to the group.
struct Statement {
    const Query* query = nullptr;
    std::vector<const protocol::Bytes*> parameters;
    bool wants_rows = false;
};

using ResultPtr = std::unique_ptr<PGresult, decltype(&PQclear)>;

struct PipelineRun {
    enum class End : std::uint8_t {
        committed,
        refused,  ///< an SQL error; nothing was kept
        lost,     ///< the connection broke before the transaction could have been committed
        in_doubt, ///< nobody knows whether it was committed
    };
    End end = End::in_doubt;
    std::string sqlstate, text;     ///< of what went wrong
    std::vector<ResultPtr> results; ///< of the statements that want rows, in order
};

class PipelineConnection final {
public:
    /// Connects, prepares, and takes an advisory lock that lasts as long as the server side of this connection. With
    /// `predecessor` (the key() of a connection that broke) it first waits up to 5 s for the end of that one.
    /// Error: unavailable.
    [[nodiscard]] static protocol::Result<std::unique_ptr<PipelineConnection>> open(
        const std::string& url,
        std::span<const Query> queries,
        std::optional<std::int64_t> predecessor,
        std::chrono::milliseconds plan_life = PlanAge::usual_life
    );

    /// One transaction. After `lost` and `in_doubt` the connection is of no more use. A run without an answer for
    /// `limit` is cancelled.
    [[nodiscard]] PipelineRun run(std::span<const Statement> statements, std::chrono::milliseconds limit);

    /// Whether the connection still stands, as far as its socket tells.
    [[nodiscard]] bool is_alive();
    /// Of its advisory lock.
    [[nodiscard]] std::int64_t key() const noexcept { return key_; }

private:
    using ConnectionPtr = std::unique_ptr<PGconn, decltype(&PQfinish)>;

    PipelineConnection(ConnectionPtr connection, std::chrono::milliseconds plan_life);
    protocol::Result<void> execute(const char* sql, const std::optional<std::int64_t>& parameter = std::nullopt);
    protocol::Result<void> prepare(std::span<const Query> queries);
    PipelineRun carry_out(std::span<const Statement> statements, std::chrono::milliseconds limit);
    bool send(std::span<const Statement> statements, PipelineRun& run);
    void read_answers(std::span<const Statement> statements, std::chrono::milliseconds limit, PipelineRun& run);
    bool take_results(std::span<const Statement> statements, PipelineRun& run);
    void note_failure(const PGresult& result, PipelineRun& run) const;
    void cancel() const;
    bool wait(bool writing, std::chrono::milliseconds limit) const;

    ConnectionPtr connection_;
    std::int64_t key_ = 0;
    PlanAge plans_;
    bool unconfirmed_ = false; ///< a commit that no standby confirmed
    // Of the run at hand:
    std::size_t statement_ = 0;
    bool failed_ = false, flushed_ = false;
};

} // namespace relay::storage::postgres
