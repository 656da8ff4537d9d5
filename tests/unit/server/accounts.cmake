relay_unit_test(NAME server-accounts
    SOURCES
        ${CMAKE_CURRENT_LIST_DIR}/accounts_licence_test.cpp
        ${CMAKE_CURRENT_LIST_DIR}/accounts_pool_test.cpp
        ${CMAKE_CURRENT_LIST_DIR}/accounts_registry_test.cpp
        ${CMAKE_CURRENT_LIST_DIR}/accounts_sign_in_test.cpp
        ${CMAKE_CURRENT_LIST_DIR}/accounts_words_test.cpp
    LIBRARIES relay::server)
