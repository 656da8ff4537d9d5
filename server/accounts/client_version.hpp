// Versions of client programs: dot-separated numbers (protocol.md §3).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::server::accounts {

class ClientVersion {
public:
    /// Nothing for anything but digits with single dots between them. Numbers may be of any length.
    [[nodiscard]] static std::optional<ClientVersion> parse(std::string_view text);

    /// Missing parts are 0: 1.2 equals 1.2.0.
    friend std::strong_ordering operator<=>(const ClientVersion& a, const ClientVersion& b);
    friend bool operator==(const ClientVersion& a, const ClientVersion& b) { return (a <=> b) == 0; }

private:
    std::vector<std::string> parts_; // digits without leading zeros, empty for 0
};

} // namespace relay::server::accounts
