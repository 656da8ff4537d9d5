#include "client/failure.hpp"

#include <catch2/catch.hpp>

using namespace relay::client;

TEST_CASE("a problem of the server is told with its detail, code and every finding", "[client]") {
    const auto problem =
        Json::parse(R"({"title":"Wrong name","code":"bad_file_name","detail":"Check the names.","errors":[
        {"pointer":"/files/0/name","code":"bad_file_name","detail":"No name of the standard."},
        {"pointer":"/files/3/name","code":"bad_file_name"}]})");
    const auto failure = from_problem(problem, 422);
    CHECK(failure.code == "bad_file_name");
    CHECK(failure.status == 422);
    CHECK_THAT(failure.text, Catch::StartsWith("Wrong name: Check the names."));
    CHECK_THAT(failure.text, Catch::Contains("/files/0/name") && Catch::Contains("No name of the standard."));
    CHECK_THAT(failure.text, Catch::Contains("/files/3/name"));
}

TEST_CASE("an answer that is no problem still gives a clear line", "[client]") {
    for (const char* body : {"", "<html>", "[]", "null", "{\"code\":7}", "{\"errors\":3}"}) {
        const auto failure = from_problem(Json::parse(body, nullptr, false), 502);
        CHECK(failure.code == "status_502");
        CHECK_THAT(failure.text, Catch::Contains("502"));
    }
}
