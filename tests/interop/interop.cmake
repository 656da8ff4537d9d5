# Programs that are not ours against the server: what a stranger needs is what docs/protocol.md says, and nothing else.
add_test(NAME "${RELAY_TEST_PREFIX}interop: curl and openssl alone send and receive"
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/curl_openssl.sh)
set_tests_properties("${RELAY_TEST_PREFIX}interop: curl and openssl alone send and receive" PROPERTIES
    LABELS integration TIMEOUT 300 ENVIRONMENT "RELAY_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
