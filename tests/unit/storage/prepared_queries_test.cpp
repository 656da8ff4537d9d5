// Every statement of the accounts' and events' parts fits the migrated schema and the role that runs it.
#include "storage/postgres/account_queries.hpp"
#include "storage/postgres/admin_queries.hpp"
#include "storage/postgres/event_queries.hpp"
#include "storage/postgres/event_row_queries.hpp"
#include "storage/postgres/sequencer_queries.hpp"
#include "tests/support/postgres_cluster.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace relay;
using namespace relay::storage::postgres;

namespace {

template <std::size_t N>
void add(std::vector<Query>& all, const Query (&queries)[N]) {
    all.insert(all.end(), queries, queries + N);
}

std::vector<Query> all_queries() {
    std::vector<Query> all;
    add(all, account_sql::all);
    add(all, admin_sql::all);
    add(all, event_sql::all);
    add(all, event_row_queries_sql::all);
    add(all, sequencer_sql::all);
    return all;
}

} // namespace

TEST_CASE("Every statement fits the schema, and no two have one name", "[storage]") {
    const test::TestDatabase database;
    pqxx::connection connection(database.url());
    std::set<std::string> names;
    for (const Query& query : all_queries()) {
        CAPTURE(query.name);
        CHECK(names.insert(query.name).second);
        connection.prepare(query.name, query.sql);
        CHECK_NOTHROW(connection.prepare_now(query.name));
    }
}
