# fuzz-smoke: builds the fuzzers in a folder of their own, runs their seeds: the same inputs every time, so that
# it finds what came back. tests/fuzz/run looks for what is new.
# Leaves itself out of sanitized builds (the fuzzers have their own sanitizers) and where there is no clang++-14.
find_program(RELAY_FUZZ_COMPILER clang++-14)
if(RELAY_FUZZ_COMPILER AND NOT RELAY_SANITIZE)
    add_test(NAME fuzz-smoke COMMAND ${CMAKE_CURRENT_LIST_DIR}/run --seconds 0)
    set_tests_properties(fuzz-smoke PROPERTIES LABELS fuzz TIMEOUT 1800 RUN_SERIAL TRUE)
endif()
