#include "protocol/bundle_state.hpp"

#include <array>

namespace relay::protocol {

namespace {

using S = BundleState;
using Next = std::optional<BundleState>;

constexpr Next no = std::nullopt;
constexpr std::size_t act_count = 8;

/// Rows: states; columns: acts; both in the order of their enumerations.
constexpr std::array<std::array<Next, act_count>, 7> transitions{{
    // clang-format off
    //             publish     claim       partial_lapse sent_lapse  receipt_stored receipt_rejected withdraw      expire
    /*uploading*/ {S::waiting, no,         no,           no,         no,            no,              no,           no},
    /*waiting*/   {no,         S::claimed, no,           no,         no,            no,              S::withdrawn, S::expired},
    /*claimed*/   {no,         no,         S::waiting,   S::fetched, S::fetched,    S::rejected,     no,           no},
    /*fetched*/   {no,         no,         no,           no,         no,            no,              no,           no},
    /*rejected*/  {no,         no,         no,           no,         no,            no,              no,           no},
    /*withdrawn*/ {no,         no,         no,           no,         no,            no,              no,           no},
    /*expired*/   {no,         no,         no,           no,         no,            no,              no,           no},
    // clang-format on
}};

constexpr std::array<std::string_view, 7> names{
    "uploading", "waiting", "claimed", "fetched", "rejected", "withdrawn", "expired"};

Error with_time(ErrorCode code, std::string name, const std::optional<Time>& time) {
    Error error(code);
    if (time) {
        return std::move(error).with(std::move(name), to_rfc3339(*time));
    }
    return error;
}

Error already_fetched(const LifeFacts& facts) {
    if (facts.state == S::rejected) {
        return with_time(ErrorCode::already_fetched, "rejected_at", facts.rejected_at);
    }
    return with_time(ErrorCode::already_fetched, "fetched_at", facts.fetched_at);
}

/// The receipt that ended the claim, if one did.
std::optional<Outcome> receipt_taken(const LifeFacts& facts) {
    if (facts.receipt_outcome) {
        return facts.receipt_outcome;
    }
    return facts.confirmed ? std::optional(Outcome::stored) : std::nullopt;
}

/// A receipt for a bundle that is fetched or rejected, under the claim that did it.
std::optional<Error> judge_repeated_receipt(const LifeFacts& facts, Outcome outcome) {
    if (const auto taken = receipt_taken(facts)) {
        if (*taken == outcome) {
            return std::nullopt;
        }
        return Error(ErrorCode::receipt_conflict);
    }
    // Fetched without a word of the recipient: that it was stored can still be told.
    if (outcome == Outcome::stored) {
        return std::nullopt;
    }
    return already_fetched(facts);
}

} // namespace

std::string_view to_string(BundleState state) noexcept {
    return names[static_cast<std::size_t>(state)];
}

std::optional<BundleState> parse_bundle_state(std::string_view text) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == text) {
            return static_cast<BundleState>(i);
        }
    }
    return std::nullopt;
}

std::optional<BundleState> next_state(BundleState from, BundleAct act) noexcept {
    return transitions[static_cast<std::size_t>(from)][static_cast<std::size_t>(act)];
}

bool is_end(BundleState state) noexcept {
    return state == S::fetched || state == S::rejected || state == S::withdrawn || state == S::expired;
}

std::optional<Error> judge_claim(const LifeFacts& facts, ClaimId claim_id, bool lapsed_here) {
    switch (facts.state) {
    case S::uploading:
        return errors::not_found("uploading");
    case S::fetched:
    case S::rejected:
        return already_fetched(facts);
    case S::withdrawn:
        return Error(ErrorCode::withdrawn);
    case S::expired:
        return Error(ErrorCode::expired);
    case S::waiting:
    case S::claimed:
        break;
    }
    if (facts.state == S::claimed && facts.claim_id == claim_id) {
        return std::nullopt;
    }
    if (lapsed_here) {
        return Error(ErrorCode::not_claimed, "a claim that lapsed on this bundle");
    }
    if (facts.state == S::claimed) {
        return with_time(ErrorCode::claimed_elsewhere, "claimed_at", facts.claimed_at);
    }
    return std::nullopt;
}

std::optional<Error> judge_read(const LifeFacts& facts, ClaimId claim_id) {
    if (facts.state == S::uploading) {
        return errors::not_found("uploading");
    }
    if (facts.state == S::claimed && facts.claim_id == claim_id) {
        return std::nullopt;
    }
    return Error(ErrorCode::not_claimed);
}

std::optional<Error> judge_receipt(const LifeFacts& facts, ClaimId claim_id, Outcome outcome) {
    if (facts.state == S::uploading) {
        return errors::not_found("uploading");
    }
    const bool under_a_claim = facts.state == S::claimed || facts.state == S::fetched || facts.state == S::rejected;
    if (!under_a_claim || facts.claim_id != claim_id) {
        return Error(ErrorCode::not_claimed);
    }
    if (facts.state != S::claimed) {
        return judge_repeated_receipt(facts, outcome);
    }
    if (outcome == Outcome::stored && !facts.every_byte_sent) {
        return Error(ErrorCode::not_sent_yet);
    }
    return std::nullopt;
}

std::optional<Error> judge_withdrawal(const LifeFacts& facts) {
    switch (facts.state) {
    case S::uploading:
    case S::waiting:
    case S::withdrawn:
        return std::nullopt;
    case S::claimed:
        return Error(ErrorCode::already_claimed);
    case S::fetched:
    case S::rejected:
        return Error(ErrorCode::too_late_to_withdraw);
    case S::expired:
        return Error(ErrorCode::expired);
    }
    return errors::internal("a state that is none");
}

} // namespace relay::protocol
