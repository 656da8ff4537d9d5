// PostgreSQL's binary format: arrays as parameters, fields of results. Used by the commit groups, whose statements take
// arrays with one element per item.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <libpq-fe.h>

namespace relay::storage::postgres {

/// Type OIDs that an array names for its elements (pg_type.dat; they never change).
enum class ElementType : std::uint32_t {
    boolean = 16,
    bytea = 17,
    int8 = 20,
    int4 = 23,
    text = 25,
    timestamptz = 1184,
    uuid = 2950,
    int8multirange = 4536,
};

/// A one-dimensional array under construction. The caller adds elements of the one type only.
class PgArray final {
public:
    explicit PgArray(ElementType type);

    void add_null();
    void add_bytes(protocol::BytesView value);
    void add_text(std::string_view value) { add_bytes(protocol::as_bytes(value)); }
    void add_uuid(const protocol::Uuid& value) { add_bytes(value.view()); }
    void add_digest(const protocol::Digest& value) { add_bytes(value.view()); }
    void add_boolean(bool value);
    void add_int4(std::int32_t value);
    void add_int8(std::int64_t value);
    void add_time(protocol::Time value);
    /// Half-open ranges, empty ones left out; the server merges what overlaps.
    void add_ranges(const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges);

    /// Room for elements of so many bytes in all.
    void reserve(std::size_t bytes) { buffer_.reserve(buffer_.size() + bytes); }
    /// The parameter's bytes; the array is empty afterwards and must not be used again.
    [[nodiscard]] protocol::Bytes take();

private:
    void put_int4(std::int32_t value);
    void put_int8(std::int64_t value);

    ElementType type_;
    std::int32_t count_ = 0;
    bool has_null_ = false;
    protocol::Bytes buffer_;
};

[[nodiscard]] protocol::Bytes encode_int8(std::int64_t value);

/// One row of a binary result, by column. Valid as long as the result.
class BinaryRow final {
public:
    BinaryRow(const PGresult& result, int row) : result_(&result), row_(row) {}

    [[nodiscard]] bool is_null(int column) const { return PQgetisnull(result_, row_, column) != 0; }
    /// Not null, and of the type that is named.
    [[nodiscard]] protocol::BytesView view(int column) const;
    [[nodiscard]] protocol::Bytes bytes(int column) const { return protocol::to_bytes(view(column)); }
    [[nodiscard]] std::string text(int column) const { return std::string(protocol::as_text(view(column))); }
    [[nodiscard]] protocol::Uuid uuid(int column) const;
    [[nodiscard]] bool boolean(int column) const { return view(column).front() != 0; }
    /// int4 and int8.
    [[nodiscard]] std::int64_t integer(int column) const;
    /// A timestamptz, down to the millisecond.
    [[nodiscard]] protocol::Time time(int column) const;

private:
    const PGresult* result_;
    int row_;
};

} // namespace relay::storage::postgres
