#include "storage/postgres/pg_binary.hpp"

#include <algorithm>
#include <array>

namespace relay::storage::postgres {

namespace {

constexpr std::size_t header_size = 20; // dimensions, null flag, element type, length, lower bound
constexpr std::int64_t microseconds_1970_to_2000 = 946'684'800'000'000;
constexpr std::uint8_t lower_bound_inclusive = 0x02; // RANGE_LB_INC

template <class Unsigned>
void put(protocol::Bytes& out, Unsigned value) {
    std::array<std::uint8_t, sizeof(Unsigned)> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(value >> (8 * (bytes.size() - 1 - i)));
    }
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void write_at(protocol::Bytes& out, std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) {
        out[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
    }
}

} // namespace

PgArray::PgArray(ElementType type) : type_(type), buffer_(header_size) {
}

void PgArray::put_int4(std::int32_t value) {
    put(buffer_, static_cast<std::uint32_t>(value));
}

void PgArray::put_int8(std::int64_t value) {
    put(buffer_, static_cast<std::uint64_t>(value));
}

void PgArray::add_null() {
    put_int4(-1);
    has_null_ = true;
    ++count_;
}

void PgArray::add_bytes(protocol::BytesView value) {
    put_int4(static_cast<std::int32_t>(value.size()));
    buffer_.insert(buffer_.end(), value.begin(), value.end());
    ++count_;
}

void PgArray::add_boolean(bool value) {
    put_int4(1);
    buffer_.push_back(value ? 1 : 0);
    ++count_;
}

void PgArray::add_int4(std::int32_t value) {
    put_int4(4);
    put_int4(value);
    ++count_;
}

void PgArray::add_int8(std::int64_t value) {
    put_int4(8);
    put_int8(value);
    ++count_;
}

void PgArray::add_time(protocol::Time value) {
    add_int8(std::chrono::microseconds(value.time_since_epoch()).count() - microseconds_1970_to_2000);
}

void PgArray::add_ranges(const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges) {
    constexpr std::int32_t range_size = 1 + 2 * (4 + 8);
    const auto real = std::count_if(ranges.begin(), ranges.end(), [](const auto& r) { return r.first < r.second; });
    put_int4(4 + static_cast<std::int32_t>(real) * (4 + range_size));
    put_int4(static_cast<std::int32_t>(real));
    for (const auto& [first, last] : ranges) {
        if (first < last) {
            put_int4(range_size);
            buffer_.push_back(lower_bound_inclusive);
            put_int4(8);
            put_int8(first);
            put_int4(8);
            put_int8(last);
        }
    }
    ++count_;
}

protocol::Bytes PgArray::take() {
    write_at(buffer_, 0, count_ == 0 ? 0 : 1);
    write_at(buffer_, 4, has_null_ ? 1 : 0);
    write_at(buffer_, 8, static_cast<std::uint32_t>(type_));
    write_at(buffer_, 12, static_cast<std::uint32_t>(count_));
    write_at(buffer_, 16, 1);
    if (count_ == 0) {
        buffer_.resize(12); // an array without dimensions ends here
    }
    return std::move(buffer_);
}

protocol::Bytes encode_int8(std::int64_t value) {
    protocol::Bytes out;
    out.reserve(8);
    put(out, static_cast<std::uint64_t>(value));
    return out;
}

protocol::BytesView BinaryRow::view(int column) const {
    const auto* data = reinterpret_cast<const std::uint8_t*>(PQgetvalue(result_, row_, column));
    return {data, static_cast<std::size_t>(PQgetlength(result_, row_, column))};
}

protocol::Uuid BinaryRow::uuid(int column) const {
    protocol::Uuid out;
    const auto from = view(column);
    std::copy_n(from.begin(), std::min(from.size(), out.bytes.size()), out.bytes.begin());
    return out;
}

std::int64_t BinaryRow::integer(int column) const {
    const auto from = view(column);
    std::uint64_t value = 0;
    for (const std::uint8_t byte : from) {
        value = (value << 8U) | byte;
    }
    return from.size() == 4 ? static_cast<std::int32_t>(static_cast<std::uint32_t>(value))
                            : static_cast<std::int64_t>(value);
}

protocol::Time BinaryRow::time(int column) const {
    const std::chrono::microseconds since_1970(integer(column) + microseconds_1970_to_2000);
    return protocol::Time(std::chrono::floor<protocol::Duration>(since_1970));
}

} // namespace relay::storage::postgres
