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
    std::int64_t inline_payload = 262144;
};

/// Server settings for every connection that answers calls, in libpq's `options` form.
inline constexpr std::string_view call_settings = "-c statement_timeout=10000 -c lock_timeout=5000";
/// For auditors' reads: planned for the filters that a query really has.
inline constexpr std::string_view audit_settings =
    "-c statement_timeout=10000 -c lock_timeout=5000 -c plan_cache_mode=force_custom_plan";
/// As audit_settings, on database.url.
inline constexpr std::string_view audit_role_settings =
    "-c statement_timeout=10000 -c lock_timeout=5000 -c plan_cache_mode=force_custom_plan -c role=relay_audit";

/// `url` as a keyword string with `settings` appended to its `options`, the application name, and time limits for
/// connecting and dead peers where it has none of its own. Error: malformed_request when libpq cannot read it.
[[nodiscard]] protocol::Result<std::string>
complete_url(const std::string& url, std::string_view settings, std::string_view application_name);

} // namespace relay::storage::postgres
