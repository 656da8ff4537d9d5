// What the PostgreSQL stores need of the configuration (commands.md), and how connection strings are completed.
#pragma once

#include "protocol/error.hpp"
#include "protocol/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::storage::postgres {

struct PgOptions {
    std::string url;       ///< database.url: a libpq connection string or URI
    std::string audit_url; ///< database.audit_url; empty: `url` with the role relay_audit
    int connections = 8;   ///< database.connections
    protocol::Duration partial_lapse = std::chrono::minutes(15);
    protocol::Duration sent_lapse = std::chrono::hours(24);
    protocol::Duration expire_after = std::chrono::hours(24 * 93);
    protocol::Duration unfinished_upload = std::chrono::hours(24);
    std::int64_t outstanding_upload_bytes = 4LL << 30;
};

/// Every statement of calls and commit groups finds its rows by a key or in an index's order. Plans that a small table
/// makes cheap (whole scans, hashes, sorts, memory of what was looked up) would be kept while it grows, so they are not
/// on offer, and one plan of each statement serves until it is made anew (plan_age.hpp). Planned each time, an inbox
/// page costs ten times as much as its execution.
#define RELAY_KEYED_PLANS                                                                                              \
    " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off"     \
    " -c enable_mergejoin=off -c enable_memoize=off -c jit=off"

/// Server settings for every connection that answers calls, in libpq's `options` form.
inline constexpr std::string_view call_settings = "-c statement_timeout=10000 -c lock_timeout=5000" RELAY_KEYED_PLANS;
/// For those that write commit groups.
inline constexpr std::string_view writer_settings = "-c statement_timeout=10000" RELAY_KEYED_PLANS;
/// For auditors' reads: planned for the filters that a query really has.
inline constexpr std::string_view audit_settings =
    "-c statement_timeout=10000 -c lock_timeout=5000 -c plan_cache_mode=force_custom_plan";
/// As audit_settings, on database.url.
inline constexpr std::string_view audit_role_settings =
    "-c statement_timeout=10000 -c lock_timeout=5000 -c plan_cache_mode=force_custom_plan -c role=relay_audit";

/// `url` as a keyword string with `settings` and time limits for a dead client appended to its `options`, the
/// application name, and time limits for connecting and a dead server where it has none of its own. Error:
/// malformed_request when libpq cannot read it.
[[nodiscard]] protocol::Result<std::string>
complete_url(const std::string& url, std::string_view settings, std::string_view application_name);

} // namespace relay::storage::postgres
