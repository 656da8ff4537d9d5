// Rows of bundle_queries as BundleRecords, from libpq's binary results and from libpqxx's text ones.
#pragma once

#include "storage/bundle_store.hpp"
#include "storage/postgres/pg_binary.hpp"

#include <pqxx/pqxx>

namespace relay::storage::postgres {

/// First column after those of a BundleRecord; what follows is the query's own.
inline constexpr int own_columns = 31;

/// The same access as BinaryRow's, to a row in text format.
class TextRow final {
public:
    explicit TextRow(pqxx::row row) : row_(std::move(row)) {}

    [[nodiscard]] bool is_null(int column) const { return field(column).is_null(); }
    [[nodiscard]] protocol::Bytes bytes(int column) const;
    [[nodiscard]] std::string text(int column) const { return {field(column).c_str(), field(column).size()}; }
    [[nodiscard]] protocol::Uuid uuid(int column) const;
    [[nodiscard]] bool boolean(int column) const { return field(column).as<bool>(); }
    [[nodiscard]] std::int64_t integer(int column) const { return field(column).as<std::int64_t>(); }
    /// By RELAY_MS.
    [[nodiscard]] protocol::Time time(int column) const { return protocol::Time(protocol::Duration(integer(column))); }

private:
    [[nodiscard]] pqxx::field field(int column) const { return row_[column]; }
    pqxx::row row_; // shares the result
};

/// Columns 0 to own_columns - 1; bundle_id must not be null.
[[nodiscard]] BundleRecord read_bundle(const BinaryRow& row);
[[nodiscard]] BundleRecord read_bundle(const TextRow& row);

} // namespace relay::storage::postgres
