#include "client/incoming_chunk.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>

using namespace relay;
using namespace relay::client;
using protocol::Bytes;
using protocol::BytesView;

namespace {

Bytes content() {
    Bytes bytes(1000);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(i * 3 + i / 256);
    }
    return bytes;
}

/// A relay that gives at most `most` bytes an answer, and then the line breaks.
struct BrokenLine {
    Bytes chunk = content();
    std::size_t most = 400;
    bool heeds_ranges = true;
    std::string tag = "\"tag\"";
    std::vector<std::string> ranges{};

    Outcome<Response> send(const Request& request) {
        std::size_t from = 0;
        ranges.emplace_back();
        for (const auto& header : request.headers) {
            if (header.starts_with("Range: bytes=")) {
                ranges.back() = header.substr(13);
                from = heeds_ranges ? std::stoul(ranges.back()) : 0;
            }
        }
        Response response;
        response.status = from > 0 ? 206 : 200;
        response.headers["etag"] = tag;
        const auto count = std::min(most, chunk.size() - from);
        if (!request.sink(response, BytesView(chunk).subspan(from, count)) || from + count < chunk.size()) {
            Failure failure;
            failure.code = "unreachable";
            return failure;
        }
        return response;
    }
};

struct Place {
    test::TemporaryFolder folder;
    File file = File::open_or_create(folder.path() / "payload").value();
    Progress progress{"receiving", 0};

    Outcome<void> fetch(BrokenLine& line, const Bytes& expected) {
        const ChunkPlace place{50, expected.size(), protocol::Digest::of(expected)};
        IncomingChunk chunk(place, &file, progress);
        return chunk.fetch([&](const Request& request) { return line.send(request); }, Request());
    }
};

} // namespace

TEST_CASE("A chunk goes on where a broken line left it, and is right at the end", "[client]") {
    Place place;
    BrokenLine line;
    REQUIRE(place.fetch(line, content()).has_value());
    CHECK(line.ranges == std::vector<std::string>{"", "400-", "800-"});
    CHECK(place.file.read_at(50, 1000).value() == content());
}

TEST_CASE("A relay that sends the whole again is read from the beginning", "[client]") {
    Place place;
    BrokenLine line;
    line.heeds_ranges = false;
    line.most = 1000;
    REQUIRE(place.fetch(line, content()).has_value());
    CHECK(place.file.read_at(50, 1000).value() == content());
}

TEST_CASE("A chunk that is never the one of the manifest cannot be used", "[client]") {
    Place place;
    BrokenLine line;
    line.most = 1000;
    line.chunk[999] ^= 1U;
    const auto fetched = place.fetch(line, content());
    REQUIRE(fetched.has_error());
    CHECK(fetched.error().code == unusable_content);
    CHECK(line.ranges.size() == 3);
}

TEST_CASE("A refusal ends the download of a chunk at once", "[client]") {
    Place place;
    const ChunkPlace where{0, 10, protocol::Digest()};
    IncomingChunk chunk(where, &place.file, place.progress);
    int asked = 0;
    const auto fetched = chunk.fetch(
        [&](const Request&) -> Outcome<Response> {
            ++asked;
            Failure failure;
            failure.code = "not_claimed";
            failure.status = 409;
            return failure;
        },
        Request()
    );
    REQUIRE(fetched.has_error());
    CHECK(fetched.error().code == "not_claimed");
    CHECK(asked == 1);
}

TEST_CASE("A relay that says when to come again is asked then, and not at all when that is far off", "[client]") {
    Place place;
    BrokenLine line;
    line.most = 1000;
    const auto bytes = content();
    const auto asked = GENERATE(1, 600);
    int refusals = 0;
    IncomingChunk chunk({50, bytes.size(), protocol::Digest::of(bytes)}, &place.file, place.progress);
    const auto begun = std::chrono::steady_clock::now();
    const auto fetched = chunk.fetch(
        [&](const Request& request) -> Outcome<Response> {
            if (refusals++ > 0) {
                return line.send(request);
            }
            Failure failure;
            failure.code = "unavailable";
            failure.status = 503;
            failure.retry_after = asked;
            return failure;
        },
        Request()
    );
    const auto waited = std::chrono::steady_clock::now() - begun;
    if (asked == 1) {
        CHECK(fetched.has_value());
        CHECK(waited >= std::chrono::seconds(1));
    } else {
        REQUIRE(fetched.has_error());
        CHECK(fetched.error().retry_after == 600);
        CHECK(refusals == 1);
    }
}
