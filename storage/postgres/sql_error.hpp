// What an exception of libpqxx means. The only place that knows its exception types and the SQLSTATE codes.
#pragma once

#include "protocol/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::storage::postgres {

struct SqlFailure {
    enum class What : std::uint8_t {
        broken,     ///< the connection is lost (or useless) and nothing was committed
        in_doubt,   ///< the connection was lost during COMMIT
        conflict,   ///< serialization failure or deadlock: worth another try
        exhausted,  ///< time, locks, space or connections ran out; nothing was kept
        constraint, ///< a named constraint was violated
        other,
    };
    What what = What::other;
    std::string sqlstate;
    std::string constraint; ///< its name, of `constraint`
    std::string text;       ///< the server's primary message
};

/// Inside a catch block only. Takes every exception.
[[nodiscard]] SqlFailure classify_current_exception();
/// By SQLSTATE and message alone; for plain libpq connections.
[[nodiscard]] SqlFailure classify_sqlstate(std::string sqlstate, std::string text);

/// unavailable for broken, conflict and exhausted (nothing was kept), internal for the rest. `doing` names the query.
[[nodiscard]] protocol::Error to_error(const SqlFailure& failure, std::string_view doing);

} // namespace relay::storage::postgres
