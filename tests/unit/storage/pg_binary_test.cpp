#include "storage/postgres/pg_binary.hpp"

#include <catch2/catch.hpp>

using namespace relay;
using namespace relay::storage::postgres;

TEST_CASE("An array without elements has no dimensions", "[storage]") {
    PgArray array(ElementType::uuid);
    CHECK(protocol::to_hex(array.take()) == "000000000000000000000b86");
}

TEST_CASE("An array tells its elements' type, number and lengths, and nulls", "[storage]") {
    PgArray array(ElementType::int4);
    array.add_int4(-2);
    array.add_null();
    CHECK(
        protocol::to_hex(array.take()) == "00000001"
                                          "00000001"
                                          "00000017"
                                          "00000002"
                                          "00000001"
                                          "00000004"
                                          "fffffffe"
                                          "ffffffff"
    );
}

TEST_CASE("A time is microseconds since 2000", "[storage]") {
    PgArray array(ElementType::timestamptz);
    array.add_time(protocol::Time(std::chrono::milliseconds(946'684'800'001)));
    const auto hex = protocol::to_hex(array.take());
    CHECK(
        hex.substr(hex.size() - 24) == "00000008"
                                       "00000000000003e8"
    );
}

TEST_CASE("Empty ranges are left out of a multirange", "[storage]") {
    PgArray array(ElementType::int8multirange);
    array.add_ranges({{5, 5}, {1, 2}});
    const auto hex = protocol::to_hex(array.take());
    CHECK(
        hex.substr(40) == "00000021"
                          "00000001"
                          "00000019"
                          "02"
                          "00000008"
                          "0000000000000001"
                          "00000008"
                          "0000000000000002"
    );
}
