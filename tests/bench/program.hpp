// What main() of each of the benchmark's programs does.
#pragma once

#include <exception>
#include <iostream>

namespace relay::bench {

/// `run`'s status; 1, and a line on standard error, when it throws.
inline int run_program(const char* name, int (*run)(int, char**), int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << name << ": " << error.what() << std::endl;
        return 1;
    }
}

} // namespace relay::bench
