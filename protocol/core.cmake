target_sources(relay_protocol PRIVATE
    ${CMAKE_CURRENT_SOURCE_DIR}/bundle_state.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/bytes.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/delivery_event.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/digest.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/error.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/ids.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/json_parser.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/json_reader.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/json_writer.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/manifest.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/problem.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/problem_texts_en.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/problem_texts_ja.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/receipt.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/time.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/utf8.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/whole_file.cpp)
