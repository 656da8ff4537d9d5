// The upload of packed bundles.
#pragma once

#include "client/failure.hpp"
#include "client/packing.hpp"
#include "client/session.hpp"

#include <cstddef>
#include <optional>

namespace relay::client {

/// Whether the payload goes with the manifest in one call.
[[nodiscard]] bool fits_inline(const PackedBundle& bundle, const Limits& limits) noexcept;

/// {"signed_manifest","payload"?}: one entry of a batch, or the body of a single call.
[[nodiscard]] Outcome<Json> describe_upload(const PackedBundle& bundle, const Limits& limits);

/// Withdrawn, rejected or expired: nobody gets it any more, however often it is sent.
[[nodiscard]] bool has_ended(const Json& bundle);

/// Sends one bundle, in chunks where it must be; goes on from the chunks that are there after a broken line.
/// The bundle as the relay shows it, accepted. A final failure with its state as the code when it was accepted before
/// and has_ended() since.
[[nodiscard]] Outcome<Json> send_bundle(Session& session, const PackedBundle& bundle);

/// The same for a bundle that an earlier run may have sent: where the relay refuses it now but had accepted it then (a
/// signer's certificate may have ended since), what it accepted counts.
[[nodiscard]] Outcome<Json> send_bundle_again(Session& session, const PackedBundle& bundle);

/// The relay will never take the bundle as it is: what was kept of it is of no use.
[[nodiscard]] bool is_final(const Failure& failure) noexcept;

/// The bundle as the relay shows it when it was accepted, by whatever call, whatever became of it since; nothing when
/// it was not.
[[nodiscard]] Outcome<std::optional<Json>> find_accepted(Session& session, const protocol::BundleId& bundle_id);

} // namespace relay::client
