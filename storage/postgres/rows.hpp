// How values cross between libpqxx and our types: digests and bytes as bytea, times as epoch microseconds.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"

#include <pqxx/pqxx>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::storage::postgres {

[[nodiscard]] inline pqxx::binarystring to_bytea(protocol::BytesView bytes) {
    return pqxx::binarystring(bytes.data(), bytes.size());
}
[[nodiscard]] inline pqxx::binarystring to_bytea(const protocol::Digest& digest) {
    return to_bytea(digest.view());
}
[[nodiscard]] inline std::int64_t to_micros(protocol::Time time) {
    return std::chrono::microseconds(time.time_since_epoch()).count();
}
[[nodiscard]] inline std::optional<std::int64_t> to_micros(const std::optional<protocol::Time>& time) {
    return time ? std::optional(to_micros(*time)) : std::nullopt;
}

/// Not null.
[[nodiscard]] protocol::Bytes bytes_of(const pqxx::field& field);
[[nodiscard]] protocol::Digest digest_of(const pqxx::field& field);
[[nodiscard]] protocol::Time time_of(const pqxx::field& field);
[[nodiscard]] protocol::OfficeNumber office_of(const pqxx::field& field);
[[nodiscard]] protocol::UserId user_of(const pqxx::field& field);
/// Null: nothing.
[[nodiscard]] std::optional<protocol::Time> optional_time_of(const pqxx::field& field);
[[nodiscard]] std::optional<std::string> optional_text_of(const pqxx::field& field);
[[nodiscard]] std::optional<protocol::OfficeNumber> optional_office_of(const pqxx::field& field);

/// The elements of a one-dimensional text array; nulls are left out.
[[nodiscard]] std::vector<std::string> texts_of(const pqxx::field& field);
/// A literal for `$n::text[]`.
[[nodiscard]] std::string to_text_array(const std::vector<std::string>& texts);
/// A literal for `$n::bigint[]`.
[[nodiscard]] std::string to_bigint_array(const std::vector<std::int64_t>& numbers);

} // namespace relay::storage::postgres
