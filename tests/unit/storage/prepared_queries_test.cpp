// Every statement of the accounts' and events' parts fits the migrated schema and the role that runs it.
#include "storage/postgres/account_queries.hpp"
#include "storage/postgres/admin_queries.hpp"
#include "storage/postgres/bundle_job_queries.hpp"
#include "storage/postgres/bundle_queries.hpp"
#include "storage/postgres/event_queries.hpp"
#include "storage/postgres/event_row_queries.hpp"
#include "storage/postgres/object_index_queries.hpp"
#include "storage/postgres/pg_options.hpp"
#include "storage/postgres/pipeline_connection.hpp"
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
    add(all, object_index_sql::all);
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

TEST_CASE("The plans that are kept go by an index, though they were made while the tables were empty", "[storage]") {
    const test::TestDatabase database;
    pqxx::connection connection(complete_url(database.url(), call_settings, "test").value());
    const auto plan_of = [&connection](const Query& query, const std::string& arguments) {
        connection.prepare(query.name, query.sql);
        connection.prepare_now(query.name);
        pqxx::nontransaction transaction(connection);
        std::string plan;
        for (const auto& row : transaction.exec(std::string("EXPLAIN EXECUTE ") + query.name + "(" + arguments + ")")) {
            plan += std::string(row[0].c_str()) + "\n";
        }
        return plan;
    };
    using Catch::Matchers::Contains;
    // Behind what was seen last, not from the log's beginning.
    const auto fresh = plan_of(sequencer_sql::append_new, "1, 0, 1000");
    CHECK_THAT(fresh, Contains("using events_xid on events") && !Contains("events_position"));
    CHECK_THAT(plan_of(sequencer_sql::append_all, "0, 0, 1000"), Contains("using events_position on events"));
    // In the index's order, so that a page costs the same however many bundles wait.
    const auto inbox = plan_of(bundle_queries::list_inbox_state, "'2670100011', 0, 101, 'waiting'");
    CHECK_THAT(inbox, Contains("using bundles_inbox_state on bundles") && !Contains("Sort") && !Contains("Seq Scan"));
    const auto many = plan_of(bundle_queries::list_waiting, "'{2670100011,2670100029}', '{0,0}', '{101,101}', '{0,1}'");
    CHECK_THAT(many, Contains("using bundles_inbox_state on bundles") && !Contains("Sort") && !Contains("Seq Scan"));
    const auto all = plan_of(bundle_queries::list_inbox, "'2670100011', 0, 101");
    CHECK_THAT(all, Contains("using bundles_inbox on bundles") && !Contains("Sort"));
    // One row for each office of the array, in its order: so are they locked.
    const auto places = plan_of(bundle_queries::take_places, "'{2670100011,2670100029}', '{0,1}', '{1,0}'");
    CHECK_THAT(places, Contains("using mailboxes_pkey on mailboxes") && Contains("Index Cond: (office = "));
    CHECK_THAT(places, Contains("Nested Loop") && !Contains("Seq Scan") && !Contains("Materialize"));
    const auto offices = plan_of(account_sql::list_offices, "NULL, NULL, NULL, 101, '2026-11-20', 0");
    CHECK_THAT(offices, Contains("using offices_pkey on offices") && Contains("Index Cond: (number >"));
}

TEST_CASE("A plan that was made while its tables were empty does not stay when they fill", "[storage]") {
    const test::TestDatabase database;
    database.sql("VACUUM ANALYZE bundles");
    const std::array queries{
        bundle_queries::claim_bundles,
        Query{"explain", "EXPLAIN EXECUTE claim_bundles('{}', '{}', '{}', '{}', '{}', '{}', '{}', 0, 0)"}};
    const auto url = complete_url(database.url(), writer_settings, "test").value();
    const auto plan_after_growth = [&](std::chrono::milliseconds plan_life) {
        const auto connection = PipelineConnection::open(url, queries, std::nullopt, plan_life).value();
        const Statement explain{&queries[1], {}, true};
        const auto plan = [&] {
            const auto run = connection->run(std::span(&explain, 1), std::chrono::seconds(10));
            REQUIRE(run.end == PipelineRun::End::committed);
            std::string lines;
            for (int row = 0; row < PQntuples(run.results.front().get()); ++row) {
                lines += std::string(PQgetvalue(run.results.front().get(), row, 0)) + "\n";
            }
            return lines;
        };
        const std::string at_first = plan();
        database.sql(
            "INSERT INTO bundles (bundle_id, upload_id, sender, recipient, out_place, in_place, state, created_at,"
            " manifest_sha256, payload_size, chunk_size, chunk_count, reserved_at) SELECT gen_random_uuid(),"
            " gen_random_uuid(), '2670100011', '2670100029', n, n, 'waiting', now(), '', 1, 1, 1, now()"
            " FROM generate_series(1, 2000) n"
        );
        const std::string later = plan();
        database.sql("DELETE FROM bundles");
        database.sql("VACUUM ANALYZE bundles");
        return std::pair(at_first, later);
    };
    using Catch::Matchers::Contains;
    const auto [empty, kept] = plan_after_growth(std::chrono::hours(1));
    CHECK(empty == kept);
    const auto [first, anew] = plan_after_growth(std::chrono::milliseconds(0));
    CHECK(first == empty);
    CHECK_THAT(
        anew,
        Contains("Index Scan using bundles_pkey on bundles o") && Contains("Index Cond: (bundle_id = b_1.bundle_id)")
    );
    CHECK_THAT(empty, !Contains("Index Cond: (bundle_id = b_1.bundle_id)"));
}
