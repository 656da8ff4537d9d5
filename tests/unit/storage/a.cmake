relay_database_test(NAME storage-bundles
    SOURCES bundle_fixture.cpp bundle_life_test.cpp bundle_upload_test.cpp bundle_race_test.cpp bundle_failure_test.cpp
            commit_in_doubt_test.cpp
            bundle_list_test.cpp bundle_table_test.cpp inbox_reader_test.cpp
    LIBRARIES relay::storage)
relay_unit_test(NAME storage-queue SOURCES bounded_queue_test.cpp LIBRARIES relay::storage)
relay_unit_test(NAME storage-binary SOURCES pg_binary_test.cpp LIBRARIES relay::storage PostgreSQL::PostgreSQL)
