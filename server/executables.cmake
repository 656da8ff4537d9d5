# careplan-relay and relayctl

add_executable(careplan-relay main.cpp)
target_link_libraries(careplan-relay PRIVATE relay::server CLI11::CLI11)

add_executable(relayctl
    ctl/bundle.cpp ctl/ca.cpp ctl/certificate.cpp ctl/certificate_issue.cpp ctl/licence.cpp ctl/main.cpp ctl/migrate.cpp
    ctl/objects.cpp ctl/office.cpp ctl/output.cpp ctl/relay.cpp ctl/user.cpp)
target_link_libraries(relayctl PRIVATE relay::server CLI11::CLI11)
# Where the SQL files are when the program was not installed.
target_compile_definitions(relayctl PRIVATE RELAY_MIGRATIONS="${PROJECT_SOURCE_DIR}/migrations")
