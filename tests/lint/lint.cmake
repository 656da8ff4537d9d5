# House rules that a compiler does not check. Each script lints the tree, or itself with --self-test. They look at
# sources, not at what is built, so the sanitized builds leave them out.
if(NOT RELAY_SANITIZE)
    find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
    foreach(rule layers coroutines file_length restricted_words formatting)
        add_test(NAME "lint: ${rule}"
            COMMAND ${Python3_EXECUTABLE} -B "${CMAKE_CURRENT_LIST_DIR}/${rule}.py" "${PROJECT_SOURCE_DIR}")
        add_test(NAME "lint: ${rule} finds a planted violation"
            COMMAND ${Python3_EXECUTABLE} -B "${CMAKE_CURRENT_LIST_DIR}/${rule}.py" --self-test)
        set_tests_properties("lint: ${rule}" "lint: ${rule} finds a planted violation" PROPERTIES LABELS lint TIMEOUT 120)
    endforeach()

    set(coverage "${CMAKE_CURRENT_LIST_DIR}/../coverage/make_protocol_coverage.py")
    add_test(NAME "lint: every call and error code of the protocol has a test"
        COMMAND ${Python3_EXECUTABLE} -B "${coverage}" "${PROJECT_SOURCE_DIR}" --check)
    add_test(NAME "lint: protocol coverage finds a planted gap" COMMAND ${Python3_EXECUTABLE} -B "${coverage}" --self-test)
    set(scenarios "${CMAKE_CURRENT_LIST_DIR}/../coverage/make_scenarios.py")
    add_test(NAME "lint: every scenario has a test or a reason to have none"
        COMMAND ${Python3_EXECUTABLE} -B "${scenarios}" "${PROJECT_SOURCE_DIR}" --check)
    add_test(NAME "lint: the check of scenarios finds a planted gap" COMMAND ${Python3_EXECUTABLE} -B "${scenarios}" --self-test)
    set_tests_properties("lint: every call and error code of the protocol has a test" "lint: protocol coverage finds a planted gap"
        "lint: every scenario has a test or a reason to have none" "lint: the check of scenarios finds a planted gap"
        PROPERTIES LABELS lint TIMEOUT 120)

    add_test(NAME "lint: every mutant still applies" COMMAND ${Python3_EXECUTABLE} -B "${PROJECT_SOURCE_DIR}/tests/mutants/run" --check)
    set_tests_properties("lint: every mutant still applies" PROPERTIES LABELS lint TIMEOUT 60)

    set(openapi "${CMAKE_CURRENT_LIST_DIR}/openapi/lint")
    add_test(NAME "lint: openapi.yaml is sound OpenAPI 3.1" COMMAND ${openapi} "${PROJECT_BINARY_DIR}/npm/openapi")
    add_test(NAME "lint: openapi finds a planted violation" COMMAND ${openapi} "${PROJECT_BINARY_DIR}/npm/openapi" --self-test)
    set_tests_properties("lint: openapi.yaml is sound OpenAPI 3.1" "lint: openapi finds a planted violation"
        PROPERTIES LABELS lint TIMEOUT 600)
endif()
