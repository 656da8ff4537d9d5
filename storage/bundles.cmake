target_sources(relay_storage PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/bundle_store.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/pg_binary.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/bundle_rows.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/pipeline_connection.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/commit_group.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/commit_answers.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/commit_writer.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/inbox_reader.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/bundle_jobs.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/pg_bundle_store.cpp)
