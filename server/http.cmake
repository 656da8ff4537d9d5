# config, ops/ and http/
target_sources(relay_server PRIVATE
    config.cpp
    config_forms.cpp
    config_keys.cpp
    config_values.cpp
    ops/admin_endpoint.cpp
    ops/log.cpp
    ops/metrics.cpp
    ops/request_event.cpp
    http/beast.cpp
    http/connection.cpp
    http/deadline_wheel.cpp
    http/head_parser.cpp
    http/memory_budget.cpp
    http/message_reader.cpp
    http/pipeline.cpp
    http/problem_response.cpp
    http/query.cpp
    http/request.cpp
    http/response.cpp
    http/response_writer.cpp
    http/router.cpp
    http/server.cpp
    http/session_cache.cpp
    http/timed_stream.cpp
    http/tls_context.cpp
    http/tls_peer.cpp
    http/tls_resumption.cpp
    http/tls_stream.cpp)
# GCC 12 at -O2 pairs the coroutine frame's own operator new with the global delete: a false alarm of Asio's awaitable.
set_source_files_properties(http/connection.cpp PROPERTIES COMPILE_OPTIONS
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>")
