# Faults at random against the released servers: a fixed seed, so that what failed once can be run again. A sanitized
# server is slower, not more truthful here; `RELAY_BIN=build/asan/bin tests/faults/run` runs one.
if(NOT RELAY_SANITIZE)
    add_test(NAME "faults: nothing accepted is lost and nothing is delivered twice in 300 faults"
        COMMAND /usr/bin/python3 -B "${CMAKE_CURRENT_LIST_DIR}/run" --seed 20261127 --faults 300)
    set_tests_properties("faults: nothing accepted is lost and nothing is delivered twice in 300 faults" PROPERTIES
        LABELS faults TIMEOUT 900 ENVIRONMENT "RELAY_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    add_test(NAME "faults: the proof finds what is planted" COMMAND /usr/bin/python3 -B "${CMAKE_CURRENT_LIST_DIR}/planted")
    set_tests_properties("faults: the proof finds what is planted" PROPERTIES
        LABELS faults TIMEOUT 300 ENVIRONMENT "RELAY_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    add_test(NAME "faults: calls that meet at one moment have one legal outcome"
        COMMAND /usr/bin/python3 -B "${CMAKE_CURRENT_LIST_DIR}/races" --rounds 20)
    set_tests_properties("faults: calls that meet at one moment have one legal outcome" PROPERTIES
        LABELS faults TIMEOUT 600 ENVIRONMENT "RELAY_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    add_test(NAME "faults: a large bundle, a storm of uploads and many transfers at once, each in small"
        COMMAND /usr/bin/python3 -B "${CMAKE_CURRENT_LIST_DIR}/large" --seed 20261127 --mib 64 --uploads 60 --transfers 20)
    set_tests_properties("faults: a large bundle, a storm of uploads and many transfers at once, each in small" PROPERTIES
        LABELS faults TIMEOUT 600 ENVIRONMENT "RELAY_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endif()
