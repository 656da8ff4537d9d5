target_sources(relay_protocol PRIVATE
    ${CMAKE_CURRENT_SOURCE_DIR}/cms/ber_reader.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/cms/issuer_serial.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/cms/openssl.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/cms/recipients.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/cms/signed_data.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/cms/usual_form.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/cms/verifier.cpp)
