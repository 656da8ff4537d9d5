relay_database_test(NAME storage-executor
    SOURCES db_executor_test.cpp schema_test.cpp prepared_queries_test.cpp
    LIBRARIES relay::storage)
relay_database_test(NAME storage-accounts
    SOURCES pg_account_store_test.cpp pg_account_admin_test.cpp sign_in_rows_test.cpp
    LIBRARIES relay::storage)
relay_database_test(NAME storage-events
    SOURCES pg_event_store_test.cpp sequencer_test.cpp mailbox_listener_test.cpp
    LIBRARIES relay::storage)
relay_unit_test(NAME storage-objects
    SOURCES file_objects_test.cpp object_suite.cpp
    LIBRARIES relay::storage)

# The same suite against a real S3 store: one ctest entry, since all cases share the store that it is started beside.
add_executable(test-storage-s3 s3_objects_test.cpp object_suite.cpp)
target_link_libraries(test-storage-s3 PRIVATE relay::storage Catch2::Catch2WithMain)
add_test(NAME "${RELAY_TEST_PREFIX}storage-s3"
    COMMAND /usr/bin/python3 -B "${PROJECT_SOURCE_DIR}/tests/support/object_store.py" $<TARGET_FILE:test-storage-s3>)
set_tests_properties("${RELAY_TEST_PREFIX}storage-s3" PROPERTIES LABELS objects TIMEOUT 300)
