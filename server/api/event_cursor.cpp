#include "server/api/event_cursor.hpp"

#include "server/api/parameters.hpp"

#include <charconv>

namespace relay::server::api {

namespace {

constexpr std::string_view kind = "ev";
/// A transaction runs on a connection each, and a cluster has some hundreds of them.
constexpr std::size_t max_size = 8192;

/// Numbers between single colons; nothing when something else stands there.
std::optional<std::vector<std::int64_t>> parse_numbers(std::string_view text) {
    std::vector<std::int64_t> numbers;
    const char* at = text.data();
    const char* const end = at + text.size();
    for (;;) {
        const auto read = std::from_chars(at, end, numbers.emplace_back());
        if (read.ec != std::errc()) {
            return std::nullopt;
        }
        if (read.ptr == end) {
            return numbers;
        }
        if (*read.ptr != ':') {
            return std::nullopt;
        }
        at = read.ptr + 1;
    }
}

} // namespace

std::string encode_event_cursor(const storage::EventPlace& place) {
    auto text = std::to_string(place.index);
    if (place.seen_until > 0) {
        text += ":" + std::to_string(place.position) + ":" + std::to_string(place.seen_until);
        for (const auto transaction : place.running) {
            text += ":" + std::to_string(transaction);
        }
    }
    return encode_cursor(kind, text);
}

std::optional<storage::EventPlace> parse_event_cursor(std::string_view text) {
    const auto listed = text.size() <= max_size ? decode_cursor(kind, text) : std::nullopt;
    const auto numbers = listed ? parse_numbers(*listed) : std::nullopt;
    if (!numbers || numbers->size() == 2 || numbers->front() < -1) {
        return std::nullopt;
    }
    storage::EventPlace place;
    place.index = numbers->front();
    if (numbers->size() > 1) {
        place.position = (*numbers)[1];
        place.seen_until = (*numbers)[2];
        place.running.assign(numbers->begin() + 3, numbers->end());
        if (place.position < 1 || place.seen_until < 1) {
            return std::nullopt;
        }
    }
    return place;
}

} // namespace relay::server::api
