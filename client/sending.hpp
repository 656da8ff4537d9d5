// The upload of packed bundles.
#pragma once

#include "client/failure.hpp"
#include "client/packing.hpp"
#include "client/session.hpp"

#include <cstddef>

namespace relay::client {

/// Whether the payload goes with the manifest in one call.
[[nodiscard]] bool fits_inline(const PackedBundle& bundle, const Limits& limits) noexcept;

/// {"signed_manifest","payload"?}: one entry of a batch, or the body of a single call.
[[nodiscard]] Outcome<Json> describe_upload(const PackedBundle& bundle, const Limits& limits);

/// Sends one bundle, in chunks where it must be; goes on from the chunks that are there after a broken line.
/// The bundle as the relay shows it, accepted.
[[nodiscard]] Outcome<Json> send_bundle(Session& session, const PackedBundle& bundle);

} // namespace relay::client
