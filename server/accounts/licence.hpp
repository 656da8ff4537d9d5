// How long an office is licensed: grants of days (Japan's) merged into unbroken covers.
#pragma once

#include "protocol/time.hpp"
#include "storage/account_store.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace relay::server::accounts {

enum class LicenceState : std::uint8_t { none, future, valid, ended };
[[nodiscard]] std::string_view to_string(LicenceState state) noexcept; ///< as answers show it

struct LicenceCover {
    LicenceState state = LicenceState::none;
    /// Last day of the cover that holds today, else of the next one to come, else of the last one that ended.
    std::optional<protocol::Day> valid_until;
};

/// Licensed from `first` to `last`, both included, without a gap.
struct LicenceSpan {
    protocol::Day first, last;
    friend bool operator==(const LicenceSpan&, const LicenceSpan&) = default;
};

/// Grants merged where they overlap or follow each other without a free day, in order of time. A grant that ended
/// before it began covers nothing.
[[nodiscard]] std::vector<LicenceSpan> merge_grants(const std::vector<storage::LicenceRow>& grants);
[[nodiscard]] LicenceCover judge_cover(const std::vector<LicenceSpan>& spans, protocol::Day today);

} // namespace relay::server::accounts
