include_guard(GLOBAL)
# relay_database_test(NAME part SOURCES … LIBRARIES …): tests that need PostgreSQL. One ctest entry per executable, since
# all its cases share one private cluster, which is made at the first use.
add_library(relay_test_database STATIC "${CMAKE_CURRENT_LIST_DIR}/postgres_cluster.cpp"
    "${CMAKE_CURRENT_LIST_DIR}/postgres_proxy.cpp")
target_link_libraries(relay_test_database PUBLIC relay::options relay::storage PkgConfig::PQXX)
target_compile_definitions(relay_test_database PRIVATE RELAY_MIGRATIONS="${PROJECT_SOURCE_DIR}/migrations")

function(relay_database_test)
    cmake_parse_arguments(T "" "NAME" "SOURCES;LIBRARIES" ${ARGN})
    add_executable(test-${T_NAME} ${T_SOURCES})
    target_link_libraries(test-${T_NAME} PRIVATE ${T_LIBRARIES} relay_test_database Catch2::Catch2WithMain)
    target_compile_definitions(test-${T_NAME} PRIVATE
        RELAY_VECTORS="${PROJECT_SOURCE_DIR}/tests/vectors" RELAY_MIGRATIONS="${PROJECT_SOURCE_DIR}/migrations")
    add_test(NAME "${RELAY_TEST_PREFIX}${T_NAME}" COMMAND test-${T_NAME})
    set_tests_properties("${RELAY_TEST_PREFIX}${T_NAME}" PROPERTIES LABELS database TIMEOUT 300)
endfunction()
