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
    SOURCES file_objects_test.cpp
    LIBRARIES relay::storage)
