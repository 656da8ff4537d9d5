// The bundle as JSON, in the outbox and the inbox (protocol.md §5): spliced from prepared parts, no DOM.
#pragma once

#include "storage/bundle_store.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::server::api {

/// Lists leave out payload.chunks; a single bundle adds the signed words. The claim_id is never shown.
enum class Detail : std::uint8_t { list, answer, whole };

[[nodiscard]] std::string bundle_json(const storage::BundleRecord& bundle, Detail detail);
void append_bundle_json(std::string& out, const storage::BundleRecord& bundle, Detail detail);
/// {"bundles":[…],"next":…}. `place`: where a bundle stands in this order, for a cursor of `kind`.
[[nodiscard]] std::string
bundle_list_json(const storage::ListPage& page, std::string_view kind, std::int64_t storage::BundleRecord::*place);

} // namespace relay::server::api
