// What a fuzzer demands beyond not crashing.
#pragma once

#include "protocol/bytes.hpp"

#include <cstdio>
#include <cstdlib>

namespace relay::fuzz {

/// Ends the fuzzer, which then keeps the input, unless `holds`. `what`: the promise, for people.
inline void require(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "broken promise: %s\n", what);
        std::abort();
    }
}

/// One input.
void judge(protocol::BytesView input);

} // namespace relay::fuzz

/// The entry point that libFuzzer looks for; each fuzzer is one file that defines judge().
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    relay::fuzz::judge({data, size});
    return 0;
}
