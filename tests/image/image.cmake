# The container image. It holds the release build alone; a sanitized build has nothing to add.
if(NOT RELAY_SANITIZE)
    add_test(NAME "image: built by its Dockerfile, and serving"
        COMMAND /usr/bin/python3 -B -m pytest -q -p no:cacheprovider "${CMAKE_CURRENT_LIST_DIR}/test_image.py")
    set_tests_properties("image: built by its Dockerfile, and serving" PROPERTIES
        LABELS image TIMEOUT 1800 ENVIRONMENT "RELAY_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endif()
