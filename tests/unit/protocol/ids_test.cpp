#include "protocol/ids.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace relay::protocol;

TEST_CASE("An office number has ten characters, the third a digit or capital letter", "[protocol]") {
    for (const std::string good : {"2670100011", "26A0100011", "0000000000", "99Z9999999"}) {
        REQUIRE(OfficeNumber::parse(good));
        CHECK(OfficeNumber::parse(good)->view() == good);
    }
    for (const std::string bad :
         {"", "267010001", "26701000111", "26a0100011", "A670100011", "2670100O11", "2670100011\n", "２670100011"}) {
        CAPTURE(bad);
        CHECK_FALSE(OfficeNumber::parse(bad));
    }
}

TEST_CASE("A user ID tells its role by its letters", "[protocol]") {
    CHECK(UserId::parse("KJ000000000001")->role() == Role::office);
    CHECK(UserId::parse("AU000000000001")->role() == Role::auditor);
    CHECK(UserId::parse("OP000000000001")->role() == Role::operator_);
    const auto agent = UserId::parse("HD000000000001");
    REQUIRE(agent);
    CHECK(agent->is_agent());
    CHECK_FALSE(agent->role());
    for (const std::string bad :
         {"", "kj000000000001", "KJ00000000001", "KJ0000000000001", "XX000000000001", "KJ00000000000a"}) {
        CAPTURE(bad);
        CHECK_FALSE(UserId::parse(bad));
    }
}

TEST_CASE("UUIDs are read and told in the lower-case form only", "[protocol]") {
    const std::string text = "0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10";
    REQUIRE(Uuid::parse(text));
    CHECK(Uuid::parse(text)->str() == text);
    CHECK(BundleId::parse(text)->str() == text);
    for (const std::string bad :
         {"0193493A-7d2e-7c3b-a1f2-5d0c6e8b9a10",
          "0193493a7d2e7c3ba1f25d0c6e8b9a10",
          "{193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10",
          "0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a1",
          "0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a100",
          "0193493a-7d2e-7c3b-a1f25-d0c6e8b9a10",
          "0193493g-7d2e-7c3b-a1f2-5d0c6e8b9a10",
          ""}) {
        CAPTURE(bad);
        CHECK_FALSE(Uuid::parse(bad));
    }
}

TEST_CASE("New UUIDs carry their version and variant and never repeat", "[protocol]") {
    std::set<Uuid> seen;
    for (int i = 0; i < 2000; ++i) {
        const Uuid random = random_uuid();
        const Uuid timed = time_uuid(1'732'061'700'000);
        CHECK((random.bytes[6] >> 4U) == 4);
        CHECK((timed.bytes[6] >> 4U) == 7);
        CHECK((random.bytes[8] >> 6U) == 2);
        CHECK((timed.bytes[8] >> 6U) == 2);
        CHECK(seen.insert(random).second);
        CHECK(seen.insert(timed).second);
    }
}

TEST_CASE("Version 7 UUIDs of later moments sort later and tell their moment", "[protocol]") {
    CHECK(time_uuid(0x0193'493a'7d2e).str().substr(0, 15) == "0193493a-7d2e-7");
    CHECK(time_uuid(1'732'061'700'000) < time_uuid(1'732'061'700'001));
    CHECK(time_uuid(1'732'061'700'000).str() < time_uuid(1'732'061'700'001).str());
}

TEST_CASE("Roles are told by their names", "[protocol]") {
    CHECK(to_string(Role::office) == "office");
    CHECK(to_string(Role::auditor) == "auditor");
    CHECK(to_string(Role::operator_) == "operator");
}
