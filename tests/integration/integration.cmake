# The server as its users see it, over its wire protocol: one ctest test a file, each with a service of its own.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)

foreach(part IN ITEMS
    audit
    batch_repeats
    batches
    certificates
    chunks
    client_words
    conformance
    crashes
    directory
    embedded
    hanging_store
    http
    http_table
    life_of_a_bundle
    limits
    manifest_rules
    names_and_units
    object_store
    openapi
    operations
    passwords
    polling
    problems
    ranges
    receipts
    receiving
    reference_client
    sending
    sessions
    standard_client
    store_identity
    tls
    two_servers
    withdrawal)
    add_test(NAME "${RELAY_TEST_PREFIX}integration: ${part}"
        COMMAND /usr/bin/python3 -B -m pytest -q -p no:cacheprovider "${CMAKE_CURRENT_LIST_DIR}/test_${part}.py")
    set_tests_properties("${RELAY_TEST_PREFIX}integration: ${part}" PROPERTIES
        LABELS integration TIMEOUT 300 ENVIRONMENT "RELAY_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endforeach()

# The hundred scenarios that no file above plays. With sanitizers those of access and sending alone: the others wait for
# time to pass, and look at what PostgreSQL, kills and disks do, which a sanitized server does not change.
set(scenarios scenarios test_scenarios_faults.py test_standby.py test_full_disk.py)
if(RELAY_SANITIZE)
    set(scenarios scenarios/test_scenarios_access.py scenarios/test_scenarios_sending.py scenarios/test_scenarios_chunks.py)
endif()
foreach(part IN LISTS scenarios)
    string(REGEX REPLACE ".*/|test_|[.]py" "" name "${part}")
    add_test(NAME "${RELAY_TEST_PREFIX}integration: ${name}"
        COMMAND /usr/bin/python3 -B -m pytest -q -p no:cacheprovider "${CMAKE_CURRENT_LIST_DIR}/${part}")
    set_tests_properties("${RELAY_TEST_PREFIX}integration: ${name}" PROPERTIES
        LABELS integration TIMEOUT 600 ENVIRONMENT "RELAY_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endforeach()
