// Parts of PgAccountAdmin: its connection, its refusals, and the events of operators.
#pragma once

#include "storage/postgres/connections.hpp"
#include "storage/postgres/pg_account_admin.hpp"

#include <optional>
#include <string>

namespace relay::storage::postgres {

struct PgAccountAdmin::Connection {
    std::unique_ptr<pqxx::connection> pq;

    template <class T, class Job>
    [[nodiscard]] Result<T> run(const char* name, const Job& job) {
        return run_transaction<T>(*pq, name, std::function<Result<T>(pqxx::work&)>(job));
    }
};

/// malformed_request: the command is refused as it stands.
[[nodiscard]] protocol::Error refused(std::string cause);

/// Whom an operator's event concerns; the office may be absent.
[[nodiscard]] protocol::Subject
about(const std::optional<UserId>& user, const std::optional<OfficeNumber>& office = std::nullopt);

/// An event by "relayctl" at the database's time now; `command` becomes its code.
void insert_operator_event(
    pqxx::work& transaction, protocol::EventType type, const std::string& command, protocol::Subject subject
);

} // namespace relay::storage::postgres
