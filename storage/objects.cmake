target_sources(relay_storage PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/objects/file_pool.cpp
    ${CMAKE_CURRENT_LIST_DIR}/objects/object_file.cpp
    ${CMAKE_CURRENT_LIST_DIR}/objects/file_objects.cpp
    ${CMAKE_CURRENT_LIST_DIR}/objects/upload_pipe.cpp
    ${CMAKE_CURRENT_LIST_DIR}/objects/s3_settings.cpp
    ${CMAKE_CURRENT_LIST_DIR}/objects/s3_transfer.cpp
    ${CMAKE_CURRENT_LIST_DIR}/objects/s3_engine.cpp
    ${CMAKE_CURRENT_LIST_DIR}/objects/s3_answers.cpp
    ${CMAKE_CURRENT_LIST_DIR}/objects/s3_objects.cpp
    ${CMAKE_CURRENT_LIST_DIR}/objects/make_payload_store.cpp
    ${CMAKE_CURRENT_LIST_DIR}/postgres/pg_object_index.cpp)
