// Conditional and partial requests: ETags, If-None-Match, If-Range, Range (RFC 9110 §13, §14).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relay::server::api {

/// Whether `field` (If-None-Match) names `etag`, by weak comparison; `*` names every one.
[[nodiscard]] bool none_match_names(std::string_view field, std::string_view etag);

struct ByteRange {
    std::int64_t first = 0;
    std::int64_t last = 0; ///< included
};

enum class RangeKind : std::uint8_t { whole, part, unsatisfiable };

struct RangeWish {
    RangeKind kind = RangeKind::whole;
    ByteRange part;
};

/// One satisfiable range: part. None satisfiable: unsatisfiable. Several ranges, another unit, or nonsense: whole.
[[nodiscard]] RangeWish read_range(std::string_view field, std::int64_t size);

} // namespace relay::server::api
