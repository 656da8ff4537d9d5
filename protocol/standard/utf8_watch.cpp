#include "protocol/standard/utf8_watch.hpp"

#include <cstring>

namespace relay::protocol::standard {

void Utf8Watch::take(std::uint8_t byte) noexcept {
    if (open_ > 0) {
        good_ = (byte & 0xC0U) == 0x80;
        --open_;
    } else if (byte >= 0xC2 && byte <= 0xDF) {
        open_ = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
        open_ = 2;
        seen_three_ = true;
    } else if (byte >= 0xF0 && byte <= 0xF4) {
        open_ = 3;
    } else {
        good_ = byte < 0x80;
    }
}

void Utf8Watch::feed(BytesView piece) noexcept {
    const auto* at = piece.data();
    const auto* const end = at + piece.size();
    while (good_ && at != end) {
        if (open_ == 0 && end - at >= 8) {
            std::uint64_t eight = 0;
            std::memcpy(&eight, at, sizeof eight);
            if ((eight & 0x8080808080808080) == 0) {
                at += sizeof eight;
                continue;
            }
        }
        take(*at++);
    }
}

} // namespace relay::protocol::standard
