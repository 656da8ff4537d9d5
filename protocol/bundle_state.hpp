// The life of a bundle (protocol.md §7) as one pure transition table, and the judgements that follow from it.
// SQL in storage/postgres/bundle_queries.hpp carries out the same table; a test compares the two.
#pragma once

#include "protocol/error.hpp"
#include "protocol/ids.hpp"
#include "protocol/receipt.hpp"
#include "protocol/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace relay::protocol {

enum class BundleState : std::uint8_t { uploading, waiting, claimed, fetched, rejected, withdrawn, expired };
[[nodiscard]] std::string_view to_string(BundleState state) noexcept;
[[nodiscard]] std::optional<BundleState> parse_bundle_state(std::string_view text);

enum class BundleAct : std::uint8_t {
    publish,       ///< the last chunk is there, or the payload came inline
    claim,         ///< the first claim
    partial_lapse, ///< the claim lapses before every byte was sent
    sent_lapse,    ///< the claim lapses after every byte was sent
    receipt_stored,
    receipt_rejected,
    withdraw,
    expire,
};

/// The state after `act`, nothing when the act is not possible from `from`.
[[nodiscard]] std::optional<BundleState> next_state(BundleState from, BundleAct act) noexcept;
/// No way back, and the payload is destroyed: fetched, rejected, withdrawn, expired.
[[nodiscard]] bool is_end(BundleState state) noexcept;

/// What a judgement needs of a bundle's row, as it is now (due lapses and expiry already carried out).
struct LifeFacts {
    BundleState state = BundleState::uploading;
    std::optional<ClaimId> claim_id; ///< the current claim's, or the last one's in an end state
    bool every_byte_sent = false;
    bool confirmed = false; ///< confirmation "receipt"
    std::optional<Outcome> receipt_outcome;
    std::optional<Time> claimed_at, fetched_at, rejected_at, withdrawn_at, expired_at;
};

/// Why a claim that did not win is refused, in the order of protocol.md §7.2; nothing: it holds the claim (200),
/// or the bundle is waiting. `lapsed_here`: this claim_id lapsed on this bundle before.
[[nodiscard]] std::optional<Error> judge_claim(const LifeFacts& facts, ClaimId claim_id, bool lapsed_here);
/// Why a chunk is not given to `claim_id`; nothing when it is.
[[nodiscard]] std::optional<Error> judge_read(const LifeFacts& facts, ClaimId claim_id);
/// Why a receipt is refused (§7.5, §7.6); nothing when it is taken or is a repetition of the one that was taken.
[[nodiscard]] std::optional<Error> judge_receipt(const LifeFacts& facts, ClaimId claim_id, Outcome outcome);
/// Why a withdrawal is refused (§5); nothing when it is taken or was taken before.
[[nodiscard]] std::optional<Error> judge_withdrawal(const LifeFacts& facts);

} // namespace relay::protocol
