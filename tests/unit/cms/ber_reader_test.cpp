#include "protocol/cms/ber_reader.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace relay::protocol;
using namespace relay::protocol::cms;

namespace {

constexpr std::uint8_t sequence = 0x30;
constexpr std::uint8_t octets = 0x04;

Bytes bytes(std::initializer_list<int> values) {
    Bytes made;
    for (const int value : values) {
        made.push_back(static_cast<std::uint8_t>(value));
    }
    return made;
}

} // namespace

TEST_CASE("An element of indefinite length ends with two zero octets and nothing else", "[cms]") {
    const auto read = [](std::initializer_list<int> values) {
        const Bytes text = bytes(values);
        BerReader reader(text);
        reader.enter(sequence);
        reader.enter(sequence);
        reader.leave();
        reader.leave();
        return !reader.failed() && reader.at_end();
    };
    CHECK(read({0x30, 0x80, 0x30, 0x80, 0, 0, 0, 0}));
    CHECK(read({0x30, 0x04, 0x30, 0x80, 0, 0}));
    CHECK_FALSE(read({0x30, 0x02, 0x30, 0x80}));             // the outer one ends, the inner one does not
    CHECK_FALSE(read({0x30, 0x03, 0x30, 0x80, 0}));          // half of its end
    CHECK_FALSE(read({0x30, 0x80, 0x30, 0x80, 0, 1, 0, 0})); // no end
    CHECK_FALSE(read({0x30, 0x80, 0x30, 0x80, 1, 0, 0, 0}));
    CHECK_FALSE(read({0x30, 0x80, 0x30, 0x80}));
}

TEST_CASE("What is passed over ends rightly, too", "[cms]") {
    const auto skip = [](std::initializer_list<int> values) {
        const Bytes text = bytes(values);
        BerReader reader(text);
        const auto passed = reader.skip();
        return reader.failed() ? std::size_t{0} : passed.size();
    };
    CHECK(skip({0x30, 0x80, 0x04, 0x01, 7, 0, 0, 9}) == 7);
    CHECK(skip({0x30, 0x80, 0x30, 0x80, 0, 0, 0, 0}) == 8);
    CHECK(skip({0x30, 0x80, 0, 1}) == 0);
    CHECK(skip({0x30, 0x80, 0}) == 0);
    CHECK(skip({0x30, 0x80}) == 0);
    Bytes deep;
    for (int i = 0; i < 100; ++i) {
        deep.insert(deep.end(), {0x30, 0x80});
    }
    BerReader reader(deep);
    CHECK(reader.skip().empty());
    CHECK(reader.failed());
}

TEST_CASE("Elements are opened to a bounded depth, and only those that are constructed", "[cms]") {
    Bytes deep;
    for (int i = 0; i < 100; ++i) {
        deep.insert(deep.end(), {0x30, 0x80});
    }
    BerReader reader(deep);
    int depth = 0;
    while (!reader.failed() && depth < 100) {
        reader.enter(sequence);
        ++depth;
    }
    CHECK(reader.failed());
    CHECK((depth > 4 && depth < 64));

    const Bytes primitive = bytes({0x04, 0x01, 7});
    BerReader second(primitive);
    second.enter(octets);
    CHECK(second.failed());
    BerReader third(primitive);
    CHECK(third.read(octets).size() == 1);
    third.leave(); // of nothing that was opened
    CHECK(third.failed());
    const Bytes constructed = bytes({0x30, 0x00});
    BerReader fourth(constructed);
    CHECK(fourth.read(sequence).empty());
    CHECK(fourth.failed());
}
