#include "server/config_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace relay::server {

namespace {

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

constexpr std::array duration_units{
    Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000}, Unit{"ms", 1}};
constexpr std::array size_units{Unit{"GiB", 1LL << 30}, Unit{"MiB", 1LL << 20}, Unit{"KiB", 1LL << 10}};

template <std::size_t Count>
std::optional<std::int64_t> parse_with_unit(std::string_view text, const std::array<Unit, Count>& units) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_whole_number(text.substr(0, digits));
    const auto* const unit =
        std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == text.substr(digits); });
    if (!number || unit == units.end() || *number > std::numeric_limits<std::int64_t>::max() / unit->factor) {
        return std::nullopt;
    }
    return *number * unit->factor;
}

template <std::size_t Count>
std::string text_with_unit(std::int64_t value, const std::array<Unit, Count>& units, std::string_view smallest) {
    for (const Unit& unit : units) {
        if (value != 0 && value % unit.factor == 0) {
            return std::to_string(value / unit.factor) + std::string(unit.name);
        }
    }
    return std::to_string(value) + std::string(smallest);
}

} // namespace

std::optional<std::int64_t> parse_whole_number(std::string_view text) {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, value);
    if (text.empty() || failure != std::errc{} || stopped != end || value < 0) {
        return std::nullopt;
    }
    return value;
}

std::optional<bool> parse_boolean(std::string_view text) {
    if (text == "true") {
        return true;
    }
    return text == "false" ? std::optional<bool>(false) : std::nullopt;
}

std::optional<Duration> parse_duration(std::string_view text) {
    const auto milliseconds = parse_with_unit(text, duration_units);
    return milliseconds ? std::optional<Duration>(Duration(*milliseconds)) : std::nullopt;
}

std::string to_text(Duration duration) {
    return text_with_unit(duration.count(), duration_units, "s");
}

std::optional<std::int64_t> parse_size(std::string_view text) {
    const auto plain = parse_whole_number(text);
    return plain ? plain : parse_with_unit(text, size_units);
}

std::string size_text(std::int64_t bytes) {
    return bytes < (1LL << 20) ? std::to_string(bytes) : text_with_unit(bytes, size_units, "");
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
        return std::nullopt;
    }
    std::string_view host = text.substr(0, colon);
    const auto port = parse_whole_number(text.substr(colon + 1));
    if (!port || *port > 65535) {
        return std::nullopt;
    }
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return std::nullopt;
    }
    if (host.empty() || host.find_first_of(" /[]@") != std::string_view::npos) {
        return std::nullopt;
    }
    Endpoint endpoint;
    endpoint.host = std::string(host);
    endpoint.port = static_cast<std::uint16_t>(*port);
    return endpoint;
}

std::string to_text(const Endpoint& endpoint) {
    if (endpoint.host.empty()) {
        return {};
    }
    const bool numeric_v6 = endpoint.host.find(':') != std::string::npos;
    return (numeric_v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

bool is_version(std::string_view text) {
    bool digit_before = false;
    for (const char c : text) {
        if (c == '.' ? !digit_before : (c < '0' || c > '9')) {
            return false;
        }
        digit_before = c != '.';
    }
    return digit_before && text.size() <= 64;
}

} // namespace relay::server
