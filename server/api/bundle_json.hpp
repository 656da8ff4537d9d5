// The bundle as JSON, in the outbox and the inbox (protocol.md §5): spliced from prepared parts, no DOM. How its
// offices are called is known in memory; only an office that is newer than what this process knows costs a read of the
// accounts.
#pragma once

#include "server/accounts/registry.hpp"
#include "server/http/response.hpp"
#include "storage/awaitable.hpp"
#include "storage/bundle_store.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::server::api {

/// Lists leave out payload.chunks; a single bundle adds the signed words. The claim_id is never shown.
enum class Detail : std::uint8_t { list, answer, whole };

// Error of each: unavailable. The caller is a coroutine, which keeps the arguments until the answer is there.
[[nodiscard]] Awaitable<protocol::Result<http::Response>>
bundle_response(accounts::Registry& registry, int status, const storage::BundleRecord& bundle, Detail detail);
[[nodiscard]] Awaitable<protocol::Result<void>>
append_bundle_json(std::string& out, accounts::Registry& registry, const storage::BundleRecord& bundle, Detail detail);
/// {"bundles":[…],"next":…}. `place`: where a bundle stands in this order, for a cursor of `kind`.
[[nodiscard]] Awaitable<protocol::Result<std::string>> bundle_list_json(
    accounts::Registry& registry,
    const storage::ListPage& page,
    std::string_view kind,
    std::int64_t storage::BundleRecord::*place
);

} // namespace relay::server::api
