# How everything of ours is compiled. Third-party headers are SYSTEM and never warn.
option(RELAY_TESTS "Build the tests" ON)
option(RELAY_WERROR "Warnings are errors" ON)
option(RELAY_FUZZ "Build the fuzzers and nothing else; needs Clang (preset fuzz)" OFF)
set(RELAY_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Precompiled headers and ccache agree only with these (ccache manual, "Precompiled headers").
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_NOHASHDIR=1
        CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${CCACHE}) # every checkout, and the image's build, share what was compiled
endif()

add_library(relay_options INTERFACE)
add_library(relay::options ALIAS relay_options)
target_include_directories(relay_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(relay_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
    -Woverloaded-virtual -Wimplicit-fallthrough -Werror=switch
    $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wuseless-cast>
    # GCC 12 takes Asio's own frame allocator of coroutines for a mismatch when it inlines (GCC bug 103993).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
    $<$<BOOL:${RELAY_WERROR}>:-Werror>)
# One compiled copy of Asio (storage/asio.cpp) instead of one in every file.
target_compile_definitions(relay_options INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION
    $<$<CONFIG:Release>:_GLIBCXX_ASSERTIONS _FORTIFY_SOURCE=2>)
if(RELAY_SANITIZE)
    # With sanitizers these two warn of values that GCC itself made (GCC manual, -fsanitize).
    target_compile_options(relay_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict>)
    target_compile_options(relay_options INTERFACE -fsanitize=${RELAY_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(relay_options INTERFACE -fsanitize=${RELAY_SANITIZE})
    if(RELAY_SANITIZE MATCHES "undefined")
        target_compile_options(relay_options INTERFACE -fno-sanitize-recover=undefined)
    endif()
    if(RELAY_SANITIZE MATCHES "thread")
        target_compile_options(relay_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)  # Asio's fences
    endif()
endif()
