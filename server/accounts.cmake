# accounts/ and ops/privileges, which relayctl and careplan-relay share
target_sources(relay_server PRIVATE
    ${CMAKE_CURRENT_SOURCE_DIR}/accounts/argon_pool.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/accounts/client_version.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/accounts/licence.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/accounts/passwords.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/accounts/peer_certificate.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/accounts/registry.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/accounts/registry_refresh.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/accounts/session_cache.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/accounts/sign_in.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/accounts/turns.cpp
    ${CMAKE_CURRENT_SOURCE_DIR}/ops/privileges.cpp)
