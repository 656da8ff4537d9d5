relay_unit_test(NAME mailbox SOURCES changes_test.cpp manifest_rules_test.cpp object_removal_test.cpp LIBRARIES relay::server)
relay_unit_test(NAME api SOURCES audit_stream_test.cpp bundle_json_test.cpp conditions_test.cpp gather_test.cpp LIBRARIES relay::server)
