#include "server/accounts/licence.hpp"

#include <algorithm>

namespace relay::server::accounts {

std::string_view to_string(LicenceState state) noexcept {
    switch (state) {
    case LicenceState::none:
        return "none";
    case LicenceState::future:
        return "future";
    case LicenceState::valid:
        return "valid";
    case LicenceState::ended:
        return "ended";
    }
    return "none";
}

std::vector<LicenceSpan> merge_grants(const std::vector<storage::LicenceRow>& grants) {
    std::vector<LicenceSpan> spans;
    for (const auto& grant : grants) {
        if (grant.from <= grant.until) {
            spans.push_back({grant.from, grant.until});
        }
    }
    std::sort(spans.begin(), spans.end(), [](const LicenceSpan& a, const LicenceSpan& b) { return a.first < b.first; });
    std::vector<LicenceSpan> merged;
    for (const auto& span : spans) {
        if (!merged.empty() && span.first <= merged.back().last + std::chrono::days(1)) {
            merged.back().last = std::max(merged.back().last, span.last);
        } else {
            merged.push_back(span);
        }
    }
    return merged;
}

LicenceCover judge_cover(const std::vector<LicenceSpan>& spans, protocol::Day today) {
    for (const auto& span : spans) {
        if (today < span.first) {
            return {LicenceState::future, span.last};
        }
        if (today <= span.last) {
            return {LicenceState::valid, span.last};
        }
    }
    if (spans.empty()) {
        return {};
    }
    return {LicenceState::ended, spans.back().last};
}

} // namespace relay::server::accounts
