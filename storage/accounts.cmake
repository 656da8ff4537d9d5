target_sources(relay_storage PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/postgres/pg_options.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/sql_error.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/rows.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/db_executor.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/connections.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/schema.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/event_rows.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/account_rows.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/sign_in_rows.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/pg_account_store.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/pg_account_admin.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/pg_account_admin_facts.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/pg_event_store.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/log_mark.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/sequencer.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/mailbox_listener.cpp)
