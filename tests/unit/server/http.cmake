# config, ops/ and http/
relay_unit_test(NAME config SOURCES config_test.cpp LIBRARIES relay::server)
relay_unit_test(NAME ops SOURCES line_writer_test.cpp metrics_test.cpp LIBRARIES relay::server)
relay_unit_test(NAME http
    SOURCES deadline_wheel_test.cpp head_parser_test.cpp http_vectors_test.cpp memory_budget_test.cpp router_test.cpp
    LIBRARIES relay::server)
relay_unit_test(NAME http-server
    SOURCES
        http_body_test.cpp http_connection_test.cpp http_gate_test.cpp http_resumption_test.cpp http_fixture.cpp tls_client.cpp
        ${PROJECT_SOURCE_DIR}/tests/support/test_pki.cpp
    LIBRARIES relay::server relay::protocol OpenSSL::SSL Threads::Threads)
