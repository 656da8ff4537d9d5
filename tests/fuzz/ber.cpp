// The BER reader, driven by a program: the first byte counts the steps, which come next; the rest is what is read.
#include "protocol/cms/ber_reader.hpp"

#include "tests/fuzz/check.hpp"

#include <algorithm>

namespace relay::fuzz {

namespace {

using protocol::BytesView;
using protocol::cms::BerReader;
namespace tag = protocol::cms::tag;

constexpr std::uint8_t tags[] = {
    tag::integer,
    tag::octet_string,
    tag::object_identifier,
    tag::sequence,
    tag::set,
    tag::context(0),
    tag::context_constructed(0),
    tag::context_constructed(1)};

void require_inside(BytesView part, BytesView whole) {
    require(
        part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size()),
        "a view lies in the buffer"
    );
}

void step(BerReader& reader, std::uint8_t how, BytesView bytes, std::uint64_t whole_size) {
    const bool failed = reader.failed();
    const std::uint8_t tag = tags[how >> 3U & 7U];
    BytesView view;
    switch (how & 7U) {
    case 0:
        view = reader.read(tag);
        break;
    case 1:
        view = reader.skip();
        break;
    case 2:
        view = reader.skip(tag);
        break;
    case 3:
        require(reader.enter(reader.peek()).value_or(0) <= whole_size, "an element lies in its parent");
        break;
    case 4:
        require(reader.enter(tag).value_or(0) <= whole_size, "an element lies in its parent");
        break;
    case 5:
        reader.leave();
        break;
    case 6:
        require(!failed || (reader.at_end() && reader.peek() == 0), "after a failure nothing is there");
        break;
    default:
        view = reader.read(reader.peek());
    }
    require(!reader.failed() || view.empty(), "a failure returns nothing");
    require(!failed || reader.failed(), "a failure stays");
    require_inside(view, bytes);
}

/// Every element is passed over until the end: lengths add up to what is there.
void walk(BytesView bytes) {
    BerReader reader(bytes);
    std::size_t passed = 0;
    while (!reader.at_end()) {
        const BytesView element = reader.skip();
        require(reader.failed() || element.size() >= 2, "an element has a tag and a length");
        passed += element.size();
    }
    require(reader.failed() || passed == bytes.size(), "elements make up the whole");
}

} // namespace

void judge(BytesView input) {
    if (input.empty()) {
        return;
    }
    const std::size_t count = std::min<std::size_t>(input[0], input.size() - 1);
    const BytesView program = input.subspan(1, count);
    const BytesView bytes = input.subspan(1 + count);
    walk(bytes);
    BerReader reader(bytes);
    BerReader cut(bytes, bytes.size() + 200);
    for (const std::uint8_t how : program) {
        step(reader, how, bytes, bytes.size());
        step(cut, how, bytes, bytes.size() + 200);
    }
}

} // namespace relay::fuzz
