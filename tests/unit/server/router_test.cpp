#include "server/http/router.hpp"

#include <catch2/catch.hpp>

using namespace relay::server::http;

namespace {

Route route(Method method, const char* pattern) {
    Route made;
    made.method = method;
    made.pattern = pattern;
    return made;
}

Router sample() {
    return Router(
        {route(Method::get, "/v1/inbox"),
         route(Method::get, "/v1/inbox/{uuid}"),
         route(Method::put, "/v1/outbox/{uuid}"),
         route(Method::get, "/v1/outbox/{uuid}"),
         route(Method::delete_, "/v1/outbox/{uuid}"),
         route(Method::put, "/v1/outbox/{uuid}/chunks/{number}"),
         route(Method::get, "/v1/offices/{office}"),
         route(Method::get, "/v1/offices/{office}/certificates/{digest}"),
         route(Method::post, "/v1/inbox/claims")}
    );
}

const std::string uuid = "0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10";

} // namespace

TEST_CASE("a path leads to its route, with what its segments say", "[server]") {
    const Router router = sample();
    const auto chunk = router.match(Method::put, "/v1/outbox/" + uuid + "/chunks/12");
    REQUIRE(chunk.route != nullptr);
    CHECK(chunk.route->pattern == "/v1/outbox/{uuid}/chunks/{number}");
    CHECK(chunk.captures == std::vector<std::string>{uuid, "12"});
    const auto certificate = router.match(Method::get, "/v1/offices/2670100011/certificates/" + std::string(64, 'a'));
    REQUIRE(certificate.route != nullptr);
    CHECK(certificate.captures.size() == 2);
    CHECK(router.match(Method::post, "/v1/inbox/claims").route != nullptr);
}

TEST_CASE("segments that are not of their form, and paths that are not literally there, do not exist", "[server]") {
    const Router router = sample();
    for (const std::string path :
         {"",
          "/",
          "/v1",
          "/v1/inbox/",
          "//v1/inbox",
          "/v1//inbox",
          "/v1/inbox/..",
          "/v1/inbox%2F",
          "/V1/inbox",
          "/v1/inbo",
          "/v1/inboxx",
          "/v1/inbox/0193493A-7D2E-7C3B-A1F2-5D0C6E8B9A10",
          "/v1/inbox/0193493a7d2e7c3ba1f25d0c6e8b9a10",
          "/v1/offices/26701000",
          "/v1/offices/267010001a",
          "/log/tile/",
          "/log/tile",
          "*"}) {
        INFO(path);
        const auto match = router.match(Method::get, path);
        CHECK(match.route == nullptr);
        CHECK(match.allow.empty());
    }
    for (const char* number : {"", "-1", "+1", "01", "1.0", "1234567890", "0x1", " 1", "1 "}) {
        INFO(number);
        CHECK(router.match(Method::put, "/v1/outbox/" + uuid + "/chunks/" + number).route == nullptr);
    }
}

TEST_CASE("a wrong method is told which ones there are", "[server]") {
    const Router router = sample();
    const auto posted = router.match(Method::post, "/v1/outbox/" + uuid);
    CHECK(posted.route == nullptr);
    CHECK(posted.allow == "PUT, GET, DELETE");
    CHECK(router.match(Method::other, "/v1/inbox").allow == "GET");
}

TEST_CASE("a pattern with an unknown segment is a bug", "[server]") {
    CHECK_THROWS(Router({route(Method::get, "/v1/{colour}")}));
}
