// Connections outside the executor: for relayctl, migrations and the background threads. One thread at a time each.
#pragma once

#include "protocol/error.hpp"
#include "storage/postgres/pg_options.hpp"
#include "storage/postgres/plan_age.hpp"
#include "storage/postgres/query.hpp"
#include "storage/postgres/sql_error.hpp"

#include <pqxx/pqxx>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace relay::storage::postgres {

/// Error: malformed_request for a string libpq cannot read, unavailable when nobody answers; both with a clear cause.
[[nodiscard]] protocol::Result<std::unique_ptr<pqxx::connection>>
open_connection(const std::string& url, std::string_view settings, std::string_view application_name);

/// Makes statements known under their names, for `exec_prepared`.
void prepare_all(pqxx::connection& connection, std::span<const Query> queries);

/// Discards the plans when their age is over.
void renew_plans(pqxx::connection& connection, PlanAge& plans);

/// Runs `job` in one transaction, committed unless it returns an Error; exceptions become Errors. No repetition.
template <class T>
[[nodiscard]] protocol::Result<T> run_transaction(
    pqxx::connection& connection, const char* name, const std::function<protocol::Result<T>(pqxx::work&)>& job
) {
    try {
        pqxx::work transaction(connection, name);
        protocol::Result<T> result = job(transaction);
        if (result.has_error()) {
            transaction.abort();
        } else {
            transaction.commit();
        }
        return result;
    } catch (...) {
        return to_error(classify_current_exception(), name);
    }
}

} // namespace relay::storage::postgres
