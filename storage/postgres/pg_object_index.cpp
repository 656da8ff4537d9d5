#include "storage/postgres/pg_object_index.hpp"

#include "storage/postgres/object_index_queries.hpp"
#include "storage/postgres/rows.hpp"

#include <utility>

namespace relay::storage::postgres {

namespace sql = object_index_sql;
using protocol::Result;
using Keys = std::vector<std::string>;
using Rows = std::vector<ObjectRow>;

PgObjectIndex::PgObjectIndex(DbExecutor& db) : db_(db) {
    db_.add_queries(sql::all);
}

Awaitable<Result<Keys>> PgObjectIndex::unknown_keys(Keys keys) {
    const auto* const name = sql::unknown_keys.name;
    return db_.submit<Keys>(name, Access::read, [keys = std::move(keys)](pqxx::work& work) -> Result<Keys> {
        Keys unknown;
        for (const auto& row : work.exec_prepared(sql::unknown_keys.name, to_text_array(keys))) {
            unknown.emplace_back(row[0].c_str());
        }
        return unknown;
    });
}

Awaitable<Result<Rows>> PgObjectIndex::rows(std::string after, int limit) {
    const auto* const name = sql::object_rows.name;
    return db_.submit<Rows>(name, Access::read, [after = std::move(after), limit](pqxx::work& work) -> Result<Rows> {
        Rows rows;
        for (const auto& row : work.exec_prepared(sql::object_rows.name, after, limit)) {
            rows.push_back({row[0].c_str(), row[1].as<int>(), std::nullopt});
        }
        return rows;
    });
}

Awaitable<Result<Rows>> PgObjectIndex::rows_of(Keys keys) {
    const auto* const name = sql::object_rows_of.name;
    return db_.submit<Rows>(name, Access::read, [keys = std::move(keys)](pqxx::work& work) -> Result<Rows> {
        Rows rows;
        for (const auto& row : work.exec_prepared(sql::object_rows_of.name, to_text_array(keys))) {
            auto bundle_id = row[2].is_null() ? std::nullopt : protocol::BundleId::parse(row[2].c_str());
            rows.push_back({row[0].c_str(), row[1].as<int>(), std::move(bundle_id)});
        }
        return rows;
    });
}

} // namespace relay::storage::postgres
