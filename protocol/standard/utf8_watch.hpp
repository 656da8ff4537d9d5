// Tells a file that is UTF-8 without a mark: much of it may pass for CP932 by chance, but not the other way round.
#pragma once

#include "protocol/bytes.hpp"

#include <cstdint>

namespace relay::protocol::standard {

class Utf8Watch {
public:
    void feed(BytesView piece) noexcept;
    /// All that was fed is UTF-8, and some of it is a character of three bytes, as Japanese is.
    [[nodiscard]] bool is_utf8() const noexcept { return good_ && seen_three_ && open_ == 0; }

private:
    void take(std::uint8_t byte) noexcept;

    bool good_ = true;
    bool seen_three_ = false;
    int open_ = 0; ///< continuation bytes still to come
};

} // namespace relay::protocol::standard
