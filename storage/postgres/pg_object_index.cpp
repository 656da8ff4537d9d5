#include "storage/postgres/pg_object_index.hpp"

#include "storage/postgres/object_index_queries.hpp"
#include "storage/postgres/rows.hpp"

#include <optional>
#include <utility>

namespace relay::storage::postgres {

namespace sql = object_index_sql;
using protocol::Result;
using Keys = std::vector<std::string>;
using Rows = std::vector<ObjectRow>;

namespace {

Result<std::optional<StoreId>> find_id(pqxx::work& work) {
    const auto rows = work.exec_prepared(sql::find_store_id.name);
    if (rows.empty()) {
        return std::optional<StoreId>();
    }
    StoreId known;
    known.id = rows[0][0].c_str();
    known.marked = rows[0][1].as<bool>();
    return std::optional(std::move(known));
}

} // namespace

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

Awaitable<Result<StoreId>> PgObjectIndex::store_id(std::string proposed) {
    // Hardly ever is there anything to write: no transaction every few seconds for it.
    auto known = co_await db_.submit<std::optional<StoreId>>(sql::find_store_id.name, Access::read, find_id);
    if (!known) {
        co_return known.error();
    }
    if (*known) {
        co_return std::move(**known);
    }
    Job<StoreId> propose = [proposed = std::move(proposed)](pqxx::work& work) -> Result<StoreId> {
        work.exec_prepared(sql::propose_store_id.name, proposed);
        auto there = find_id(work);
        if (!there) {
            return there.error();
        }
        return *there ? Result<StoreId>(std::move(**there)) : protocol::errors::internal("the store's ID is not kept");
    };
    auto given = co_await db_.submit<StoreId>(sql::propose_store_id.name, Access::idempotent_write, std::move(propose));
    co_return given;
}

Awaitable<Result<void>> PgObjectIndex::store_marked(std::string id) {
    return db_.submit<void>(
        sql::store_marked.name,
        Access::idempotent_write,
        [id = std::move(id)](pqxx::work& work) -> Result<void> {
            work.exec_prepared(sql::store_marked.name, id);
            return {};
        }
    );
}

} // namespace relay::storage::postgres
