target_sources(relay_protocol PRIVATE
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/file_name.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/standard/sending_unit.cpp
)
