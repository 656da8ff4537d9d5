#include "storage/postgres/pipeline_connection.hpp"

#include "storage/postgres/pg_binary.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <string_view>

#include <poll.h>

namespace relay::storage::postgres {

namespace {

using Clock = std::chrono::steady_clock;
using End = PipelineRun::End;

constexpr std::chrono::seconds cancel_grace{3};
constexpr std::size_t most_parameters = 32;

std::int64_t random_key() {
    std::random_device source;
    return static_cast<std::int64_t>((std::uint64_t{source()} << 32U) | source());
}

void note_notice(void* flag, const PGresult* notice) {
    // By the function that warns: its text depends on the server's language, and terse messages lack the detail.
    const char* function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
    if (function != nullptr && std::strcmp(function, "SyncRepWaitForLSN") == 0) {
        *static_cast<bool*>(flag) = true;
    }
}

bool is_fine(ExecStatusType status) {
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

} // namespace

PipelineConnection::PipelineConnection(ConnectionPtr connection, std::chrono::milliseconds plan_life)
    : connection_(std::move(connection)),
      key_(random_key()),
      plans_(plan_life) {
    PQsetNoticeReceiver(connection_.get(), note_notice, &unconfirmed_);
    PQsetErrorVerbosity(connection_.get(), PQERRORS_TERSE); // details may hold values of rows
}

protocol::Result<std::unique_ptr<PipelineConnection>> PipelineConnection::open(
    const std::string& url,
    std::span<const Query> queries,
    std::optional<std::int64_t> predecessor,
    std::chrono::milliseconds plan_life
) {
    ConnectionPtr connection(PQconnectdb(url.c_str()), PQfinish);
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        return protocol::errors::unavailable(std::string("connecting a writer: ") + PQerrorMessage(connection.get()));
    }
    std::unique_ptr<PipelineConnection> self(new PipelineConnection(std::move(connection), plan_life));
    if (predecessor) {
        for (const char* sql :
             {"SET lock_timeout = '5s'",
              "SELECT pg_advisory_lock($1::bigint)",
              "SELECT pg_advisory_unlock($1::bigint)",
              "RESET lock_timeout"}) {
            const bool takes_key = std::string_view(sql).starts_with("SELECT");
            if (auto done = self->execute(sql, takes_key ? predecessor : std::nullopt); done.has_error()) {
                return done.error();
            }
        }
    }
    if (auto locked = self->execute("SELECT pg_advisory_lock($1::bigint)", self->key_); locked.has_error()) {
        return locked.error();
    }
    for (const auto& some : {queries, std::span(&discard_plans, 1)}) {
        if (auto prepared = self->prepare(some); prepared.has_error()) {
            return prepared.error();
        }
    }
    if (PQsetnonblocking(self->connection_.get(), 1) != 0 || PQenterPipelineMode(self->connection_.get()) != 1) {
        return protocol::errors::unavailable("a writer's connection has no pipeline mode");
    }
    return self;
}

protocol::Result<void> PipelineConnection::execute(const char* sql, const std::optional<std::int64_t>& parameter) {
    const auto bytes = encode_int8(parameter.value_or(0));
    const char* value = reinterpret_cast<const char*>(bytes.data());
    const int length = static_cast<int>(bytes.size());
    const int binary = 1;
    const ResultPtr result(
        PQexecParams(connection_.get(), sql, parameter ? 1 : 0, nullptr, &value, &length, &binary, 0), PQclear
    );
    if (!is_fine(PQresultStatus(result.get()))) {
        return protocol::errors::unavailable(std::string("preparing a writer: ") + PQresultErrorMessage(result.get()));
    }
    return {};
}

protocol::Result<void> PipelineConnection::prepare(std::span<const Query> queries) {
    for (const Query& query : queries) {
        const ResultPtr result(PQprepare(connection_.get(), query.name, query.sql, 0, nullptr), PQclear);
        if (!is_fine(PQresultStatus(result.get()))) {
            return protocol::errors::unavailable(
                std::string("preparing ") + query.name + ": " + PQresultErrorMessage(result.get())
            );
        }
    }
    return {};
}

bool PipelineConnection::is_alive() {
    pollfd socket{PQsocket(connection_.get()), POLLIN, 0};
    if (poll(&socket, 1, 0) != 0 && PQconsumeInput(connection_.get()) == 0) {
        return false;
    }
    return PQstatus(connection_.get()) == CONNECTION_OK;
}

PipelineRun PipelineConnection::run(std::span<const Statement> statements, std::chrono::milliseconds limit) {
    if (plans_.is_over()) {
        const Statement discard{&discard_plans, {}, false};
        PipelineRun run = carry_out(std::span(&discard, 1), limit);
        if (run.end != End::committed) {
            run.end = End::lost; // nothing else was sent
            return run;
        }
    }
    return carry_out(statements, limit);
}

PipelineRun PipelineConnection::carry_out(std::span<const Statement> statements, std::chrono::milliseconds limit) {
    PipelineRun run;
    statement_ = 0;
    failed_ = flushed_ = unconfirmed_ = false;
    if (!send(statements, run)) {
        run.end = End::lost; // the commit was never asked for
        return run;
    }
    read_answers(statements, limit, run);
    if (run.end == End::committed && unconfirmed_) {
        run.end = End::in_doubt;
        run.text = "no standby confirmed the commit";
    }
    return run;
}

bool PipelineConnection::send(std::span<const Statement> statements, PipelineRun& run) {
    std::array<const char*, most_parameters> values{};
    std::array<int, most_parameters> lengths{};
    std::array<int, most_parameters> formats{};
    formats.fill(1);
    for (const Statement& statement : statements) {
        const std::size_t count = std::min(statement.parameters.size(), values.size());
        for (std::size_t i = 0; i < count; ++i) {
            values[i] = reinterpret_cast<const char*>(statement.parameters[i]->data());
            lengths[i] = static_cast<int>(statement.parameters[i]->size());
        }
        if (PQsendQueryPrepared(
                connection_.get(),
                statement.query->name,
                static_cast<int>(count),
                values.data(),
                lengths.data(),
                formats.data(),
                1
            ) != 1) {
            run.text = PQerrorMessage(connection_.get());
            return false;
        }
    }
    if (PQpipelineSync(connection_.get()) != 1) {
        run.text = PQerrorMessage(connection_.get());
        return false;
    }
    return true;
}

void PipelineConnection::read_answers(
    std::span<const Statement> statements, std::chrono::milliseconds limit, PipelineRun& run
) {
    auto deadline = Clock::now() + limit;
    bool cancelled = false;
    for (;;) {
        const int left = flushed_ ? 0 : PQflush(connection_.get());
        flushed_ = flushed_ || left == 0;
        const auto remaining = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (remaining.count() <= 0) {
            if (cancelled) {
                run.text = "no answer, even to a cancellation";
                break;
            }
            cancel();
            cancelled = true;
            deadline = Clock::now() + cancel_grace;
            continue;
        }
        if (!wait(!flushed_, remaining)) {
            continue;
        }
        const bool stands = PQconsumeInput(connection_.get()) == 1 && left >= 0;
        if (take_results(statements, run)) {
            return;
        }
        if (!stands || PQstatus(connection_.get()) != CONNECTION_OK) {
            run.text = PQerrorMessage(connection_.get());
            break;
        }
    }
    // Only the Sync at the end of what was sent commits.
    run.end = flushed_ ? End::in_doubt : End::lost;
}

/// True: the end of the transaction is known, and stands in `run`.
bool PipelineConnection::take_results(std::span<const Statement> statements, PipelineRun& run) {
    while (PQisBusy(connection_.get()) == 0) {
        ResultPtr result(PQgetResult(connection_.get()), PQclear);
        if (result == nullptr) {
            if (statement_ > statements.size() || PQstatus(connection_.get()) != CONNECTION_OK) {
                return false;
            }
            ++statement_;
            continue;
        }
        const auto status = PQresultStatus(result.get());
        if (status == PGRES_PIPELINE_SYNC) {
            run.end = failed_ ? End::refused : End::committed;
            return true;
        }
        if (!is_fine(status)) {
            if (status != PGRES_PIPELINE_ABORTED) {
                note_failure(*result, run);
                failed_ = true;
            }
        } else if (statement_ < statements.size() && statements[statement_].wants_rows) {
            run.results.push_back(std::move(result));
        }
    }
    return false;
}

void PipelineConnection::note_failure(const PGresult& result, PipelineRun& run) const {
    if (failed_) {
        return;
    }
    const char* sqlstate = PQresultErrorField(&result, PG_DIAG_SQLSTATE);
    const char* text = PQresultErrorField(&result, PG_DIAG_MESSAGE_PRIMARY);
    run.sqlstate = sqlstate != nullptr ? sqlstate : "";
    run.text = text != nullptr ? text : PQresultErrorMessage(&result);
}

void PipelineConnection::cancel() const {
    const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> request(PQgetCancel(connection_.get()), PQfreeCancel);
    std::array<char, 256> reason{};
    if (request != nullptr) {
        // A refusal of the cancellation changes nothing: the caller waits for its grace either way.
        static_cast<void>(PQcancel(request.get(), reason.data(), static_cast<int>(reason.size())));
    }
}

/// False: nothing to read or write yet.
bool PipelineConnection::wait(bool writing, std::chrono::milliseconds limit) const {
    const auto events = static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN);
    pollfd socket{PQsocket(connection_.get()), events, 0};
    return poll(&socket, 1, static_cast<int>(limit.count())) != 0;
}

} // namespace relay::storage::postgres
