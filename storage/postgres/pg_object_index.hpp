// ObjectIndex on the workers of the executor.
#pragma once

#include "storage/object_index.hpp"
#include "storage/postgres/db_executor.hpp"

namespace relay::storage::postgres {

class PgObjectIndex final : public ObjectIndex {
public:
    explicit PgObjectIndex(DbExecutor& db);

    Awaitable<protocol::Result<std::vector<std::string>>> unknown_keys(std::vector<std::string> keys) override;
    Awaitable<protocol::Result<std::vector<ObjectRow>>> rows(std::string after, int limit) override;
    Awaitable<protocol::Result<std::vector<ObjectRow>>> rows_of(std::vector<std::string> keys) override;
    Awaitable<protocol::Result<StoreId>> store_id(std::string proposed) override;
    Awaitable<protocol::Result<void>> store_marked(std::string id) override;

private:
    DbExecutor& db_;
};

} // namespace relay::storage::postgres
