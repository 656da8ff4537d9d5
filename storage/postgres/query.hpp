// A named SQL statement. All SQL text of the relay stands in the *queries.hpp files as constants of this type.
#pragma once

namespace relay::storage::postgres {

/// `name` is unique over the relay: it names the prepared statement and labels the metrics.
struct Query {
    const char* name;
    const char* sql;
};

} // namespace relay::storage::postgres
