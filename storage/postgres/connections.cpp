#include "storage/postgres/connections.hpp"

namespace relay::storage::postgres {

protocol::Result<std::unique_ptr<pqxx::connection>>
open_connection(const std::string& url, std::string_view settings, std::string_view application_name) {
    const auto completed = complete_url(url, settings, application_name);
    if (completed.has_error()) {
        return completed.error();
    }
    try {
        auto connection = std::make_unique<pqxx::connection>(*completed);
        connection->set_verbosity(pqxx::connection_base::terse); // DETAIL may hold values of rows
        return connection;
    } catch (...) {
        return protocol::errors::unavailable("connecting to the database: " + classify_current_exception().text);
    }
}

void prepare_all(pqxx::connection& connection, std::span<const Query> queries) {
    for (const Query& query : queries) {
        connection.prepare(query.name, query.sql);
    }
}

void renew_plans(pqxx::connection& connection, PlanAge& plans) {
    if (plans.is_over()) {
        pqxx::nontransaction(connection).exec0(discard_plans.sql);
    }
}

} // namespace relay::storage::postgres

#ifdef __SANITIZE_ADDRESS__
// libpqxx 6.4 loses the PGresult in hand when it throws broken_connection. Results that our own libpq calls would lose
// are still reported.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libpqxx-6.4.so\n";
}
#endif
