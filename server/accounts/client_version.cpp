#include "server/accounts/client_version.hpp"

#include <algorithm>

namespace relay::server::accounts {

std::optional<ClientVersion> ClientVersion::parse(std::string_view text) {
    ClientVersion version;
    for (;;) {
        const auto end = std::min(text.find('.'), text.size());
        auto part = text.substr(0, end);
        if (part.empty() || part.find_first_not_of("0123456789") != std::string_view::npos) {
            return std::nullopt;
        }
        part.remove_prefix(std::min(part.find_first_not_of('0'), part.size()));
        version.parts_.emplace_back(part);
        if (end == text.size()) {
            return version;
        }
        text.remove_prefix(end + 1);
    }
}

std::strong_ordering operator<=>(const ClientVersion& a, const ClientVersion& b) {
    const std::string zero;
    const auto count = std::max(a.parts_.size(), b.parts_.size());
    for (std::size_t n = 0; n < count; ++n) {
        const auto& left = n < a.parts_.size() ? a.parts_[n] : zero;
        const auto& right = n < b.parts_.size() ? b.parts_[n] : zero;
        const auto order = left.size() != right.size() ? left.size() <=> right.size() : left.compare(right) <=> 0;
        if (order != 0) {
            return order;
        }
    }
    return std::strong_ordering::equal;
}

} // namespace relay::server::accounts
