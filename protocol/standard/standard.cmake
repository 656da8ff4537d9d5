target_sources(relay_protocol PRIVATE
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/content_texts.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/cp932.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/csv_check.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/csv_reader.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/file_name.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/key_set.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/name_texts.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/rules.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/rules_met.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/sending_unit.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/tables.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/units.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/utf8_watch.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/values.cpp
)
