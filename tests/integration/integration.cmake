# The server as its users see it, over its wire protocol: one ctest test a file, each with a service of its own.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)

foreach(part IN ITEMS
    sessions passwords tls certificates http sending manifest_rules names_and_units chunks receiving ranges receipts
    openapi life_of_a_bundle withdrawal two_servers crashes batches polling directory audit problems limits operations embedded
    reference_client)
    add_test(NAME "${RELAY_TEST_PREFIX}integration: ${part}"
        COMMAND /usr/bin/python3 -B -m pytest -q -p no:cacheprovider "${CMAKE_CURRENT_LIST_DIR}/test_${part}.py")
    set_tests_properties("${RELAY_TEST_PREFIX}integration: ${part}" PROPERTIES
        LABELS integration TIMEOUT 300 ENVIRONMENT "RELAY_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endforeach()
