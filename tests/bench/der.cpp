#include "tests/bench/der.hpp"

namespace relay::bench::der {

std::string element(unsigned char tag, std::string_view content) {
    std::string out(1, static_cast<char>(tag));
    const auto size = content.size();
    if (size < 0x80) {
        out += static_cast<char>(size);
    } else {
        const int bytes = size < 0x100 ? 1 : size < 0x10000 ? 2 : size < 0x1000000 ? 3 : 4;
        out += static_cast<char>(0x80 | bytes);
        for (int i = bytes - 1; i >= 0; --i) {
            out += static_cast<char>((size >> (8 * i)) & 0xFFU);
        }
    }
    out += content;
    return out;
}

} // namespace relay::bench::der
