// The delivery log as one streamed answer: JSON lines or CSV, page after page, in bounded memory (protocol.md §9).
#pragma once

#include "server/api/services.hpp"
#include "server/http/response.hpp"
#include "storage/event_store.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::server::api {

enum class EventForm : std::uint8_t { json, lines, csv };

/// The event as auditors read it: its leaf, and its index where it has one.
void append_event_json(std::string& out, const storage::EventRow& event);

/// The form that an Accept field likes best; json when it names none of them (RFC 9110 §12.5.1).
[[nodiscard]] EventForm choose_event_form(std::string_view accept);

/// 200 with every event that `query` finds from its place on, whatever its limit says. `form` is lines or csv.
/// `events` must outlive the answer. `still_allowed` is asked before each page; after a no the answer is broken off.
[[nodiscard]] http::Response
stream_events(storage::EventStore& events, storage::EventQuery query, EventForm form, StillAllowed still_allowed);

} // namespace relay::server::api
