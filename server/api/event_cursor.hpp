// Where a page of the delivery log ended, as auditors' clients hand it back.
#pragma once

#include "storage/event_store.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace relay::server::api {

/// Opaque to clients.
[[nodiscard]] std::string encode_event_cursor(const storage::EventPlace& place);
/// Nothing for what encode_event_cursor() does not make. Whatever it gives is harmless to a query, forged or not.
[[nodiscard]] std::optional<storage::EventPlace> parse_event_cursor(std::string_view text);

} // namespace relay::server::api
