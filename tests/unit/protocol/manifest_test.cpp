#include "protocol/manifest.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

using namespace relay::protocol;
using nlohmann::json;

namespace {

using All = std::vector<std::string>;

json good() {
    return json::parse(R"({
      "version": 1,
      "bundle_id": "0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10",
      "sender": "2670100011",
      "recipient": "2670100029",
      "created_at": "2026-11-20T09:15:00+09:00",
      "files": [
        {"name": "UPPLAN_202611_2670100011_43_2670100029_11_20261120091500.CSV", "size": 18233, "csv_version": "202407"},
        {"name": "図.pdf", "size": 0}
      ],
      "payload": {"size": 20841, "chunk_size": 20841, "chunks": []}
    })");
}

json complete(json manifest = good()) {
    for (auto& file : manifest["files"]) {
        file["sha256"] = std::string(64, 'a');
    }
    if (manifest["payload"]["chunks"].empty()) {
        manifest["payload"]["chunks"].push_back(std::string(64, 'b'));
    }
    return manifest;
}

Result<Manifest> read(const json& manifest) {
    const std::string text = manifest.dump();
    return read_manifest(as_bytes(text), {});
}

All findings_of(const Result<Manifest>& result) {
    REQUIRE(result.has_error());
    CHECK(result.error().code == ErrorCode::invalid_manifest);
    All out;
    for (const Finding& finding : result.error().findings) {
        out.push_back(finding.pointer + " " + finding.code);
    }
    return out;
}

/// The findings after one member, named by its pointer, was given another value.
All after(const std::string& pointer, const json& value) {
    json manifest = complete();
    manifest[json::json_pointer(pointer)] = value;
    return findings_of(read(manifest));
}

json cut(std::int64_t size, std::int64_t chunk_size, std::size_t chunks) {
    json manifest = complete();
    manifest["payload"] = {{"size", size}, {"chunk_size", chunk_size}, {"chunks", json::array()}};
    for (std::size_t i = 0; i < chunks; ++i) {
        manifest["payload"]["chunks"].push_back(std::string(64, 'c'));
    }
    return manifest;
}

} // namespace

TEST_CASE("A good manifest is read whole", "[protocol]") {
    json text = complete();
    text["cover"] = "Zm9v";
    const auto manifest = read(text);
    REQUIRE(manifest.has_value());
    CHECK(manifest->bundle_id.str() == "0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10");
    CHECK(manifest->sender.view() == "2670100011");
    CHECK(manifest->recipient.view() == "2670100029");
    CHECK(to_rfc3339(manifest->created_at) == "2026-11-20T00:15:00.000Z");
    REQUIRE(manifest->files.size() == 2);
    CHECK(manifest->files[0].csv_version == "202407");
    CHECK(manifest->files[1].name == "図.pdf");
    CHECK_FALSE(manifest->files[1].csv_version);
    CHECK(manifest->cover == to_bytes(as_bytes("foo")));
    CHECK(manifest->payload_size == 20841);
    CHECK(manifest->chunks.at(0).hex() == std::string(64, 'b'));
}

TEST_CASE("A written manifest is read back the same", "[protocol]") {
    const auto first = read(complete());
    REQUIRE(first.has_value());
    Manifest manifest = *first;
    manifest.cover = Bytes{1, 2, 3, 4};
    const std::string text = write_manifest(manifest);
    const auto second = read_manifest(as_bytes(text), {});
    REQUIRE(second.has_value());
    CHECK(write_manifest(*second) == text);
    CHECK(json::parse(files_to_json(manifest.files)) == json::parse(text)["files"]);
}

TEST_CASE("Each member of a manifest has its form", "[protocol]") {
    CHECK(after("/version", 2) == All{"/version out_of_range"});
    CHECK(after("/version", "1") == All{"/version wrong_type"});
    CHECK(after("/bundle_id", "0193493A-7D2E-7C3B-A1F2-5D0C6E8B9A10") == All{"/bundle_id bad_format"});
    CHECK(after("/sender", "267010001") == All{"/sender bad_format"});
    CHECK(after("/recipient", 2670100029) == All{"/recipient wrong_type"});
    CHECK(after("/created_at", "2026-11-20 09:15:00") == All{"/created_at bad_format"});
    CHECK(after("/files", json::array()) == All{"/files out_of_range"});
    CHECK(after("/files/0/size", -1) == All{"/files/0/size out_of_range"});
    CHECK(after("/files/0/size", 1LL << 53) == All{"/files/0/size out_of_range"});
    CHECK(after("/files/0/sha256", std::string(64, 'A')) == All{"/files/0/sha256 bad_format"});
    CHECK(after("/files/0/csv_version", "20240") == All{"/files/0/csv_version bad_format"});
    CHECK(after("/files/1/csv_version", "202407") == All{"/files/1/csv_version inconsistent"});
    CHECK(after("/cover", "Zm9v\n") == All{"/cover bad_format"});
    CHECK(after("/cover", to_base64(Bytes(max_cover_bytes + 1))) == All{"/cover out_of_range"});
    CHECK(after("/payload/size", 0) == All{"/payload/size out_of_range"});
    CHECK(after("/payload/chunk_size", -5) == All{"/payload/chunk_size out_of_range"});
    CHECK(after("/payload/chunk_size", 20840) == All{"/payload/chunk_size inconsistent"});
    CHECK(after("/payload/chunks", json::array()) == All{"/payload/chunks out_of_range"});
    CHECK(after("/payload/chunks/0", "xyz") == All{"/payload/chunks/0 bad_format"});
    CHECK(after("/payload/chunks/0", 7).at(0) == "/payload/chunks/0 wrong_type");
    CHECK(after("/payload/note", 1) == All{"/payload/note unknown_member"});
    CHECK(after("/files/1/note", 1) == All{"/files/1/note unknown_member"});
    CHECK(after("/note", 1) == All{"/note unknown_member"});
    CHECK(after("/payload", json::array()) == All{"/payload wrong_type"});
}

TEST_CASE("Every required member of a manifest is asked for", "[protocol]") {
    const auto findings = findings_of(read(json::object()));
    CHECK(
        findings == All{"/version missing",
                        "/bundle_id missing",
                        "/sender missing",
                        "/recipient missing",
                        "/created_at missing",
                        "/files missing",
                        "/payload missing"}
    );
    json manifest = complete();
    manifest["files"] = json::array({json::object()});
    manifest["payload"] = json::object();
    CHECK(
        findings_of(read(manifest)) == All{"/files/0/name missing",
                                           "/files/0/size missing",
                                           "/files/0/sha256 missing",
                                           "/payload/size missing",
                                           "/payload/chunk_size missing",
                                           "/payload/chunks missing"}
    );
}

TEST_CASE("Chunks cut the payload exactly", "[protocol]") {
    constexpr std::int64_t kib = 1024;
    CHECK(read(cut(1, 1, 1)).has_value());
    CHECK(read(cut(16 * kib * kib, 16 * kib * kib, 1)).has_value());
    CHECK(read(cut(128 * kib, 64 * kib, 2)).has_value());
    CHECK(read(cut(64 * kib + 1, 64 * kib, 2)).has_value());
    CHECK(read(cut(900 * 64 * kib, 64 * kib, 900)).has_value());
    CHECK(read(cut(1024 * kib * kib, 16 * kib * kib, 64)).has_value());
    CHECK(findings_of(read(cut(128 * kib + 1, 64 * kib, 2))) == All{"/payload/chunks inconsistent"});
    CHECK(findings_of(read(cut(64 * kib, 64 * kib, 2))) == All{"/payload/chunks inconsistent"});
    CHECK(findings_of(read(cut(100 * kib, 64 * kib - 1, 2))) == All{"/payload/chunk_size out_of_range"});
}

TEST_CASE("The bytes of each chunk follow from the cut", "[protocol]") {
    const auto manifest = read(cut(150'000, 65'536, 3));
    REQUIRE(manifest.has_value());
    CHECK(manifest->size_of_chunk(0) == 65'536);
    CHECK(manifest->size_of_chunk(1) == 65'536);
    CHECK(manifest->size_of_chunk(2) == 150'000 - 2 * 65'536);
}

TEST_CASE("A payload above a limit is too large as a whole", "[protocol]") {
    constexpr std::int64_t mib = 1024 * 1024;
    for (const json& manifest :
         {cut(1024 * mib + 1, 16 * mib, 65),
          cut(17 * mib, 17 * mib, 1),
          cut(34 * mib, 17 * mib, 2),
          cut(9'223'372'036'854'775'807, 65'536, 3),
          cut(901 * 65'536, 65'536, 901)}) {
        const auto result = read(manifest);
        REQUIRE(result.has_error());
        CHECK(result.error().code == ErrorCode::too_large);
        CHECK(result.error().findings.empty());
    }
    const std::string text = complete().dump();
    CHECK(
        read_manifest(as_bytes(text), {.chunk_size = 20'840, .payload_size = 1 << 30}).error().code ==
        ErrorCode::too_large
    );
    CHECK(
        read_manifest(as_bytes(text), {.chunk_size = 1 << 24, .payload_size = 20'840}).error().code ==
        ErrorCode::too_large
    );
}

TEST_CASE("A manifest has at most 64 KiB", "[protocol]") {
    std::string text = complete().dump();
    text.append(max_manifest_bytes - text.size(), ' ');
    CHECK(read_manifest(as_bytes(text), {}).has_value());
    text += ' ';
    CHECK(read_manifest(as_bytes(text), {}).error().code == ErrorCode::too_large);
}

TEST_CASE("What is no manifest at all is told as such", "[protocol]") {
    CHECK(findings_of(read_manifest({}, {})) == All{" bad_format"});
    CHECK(findings_of(read_manifest(as_bytes("[]"), {})) == All{" wrong_type"});
    json manifest = complete();
    std::string twice = manifest.dump();
    twice.insert(1, R"("sender":"2670100011",)");
    CHECK(findings_of(read_manifest(as_bytes(twice), {})) == All{"/sender duplicate_member"});
}

TEST_CASE("A bundle ID is found in manifests that are not good", "[protocol]") {
    const std::string id = "0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10";
    CHECK(peek_bundle_id(as_bytes(R"({"x":1,"bundle_id":")" + id + "\"}"))->str() == id);
    CHECK(peek_bundle_id(as_bytes(R"({"bundle_id" : ")" + id + "\",,"))->str() == id);
    CHECK_FALSE(peek_bundle_id(as_bytes(R"({"bundle_id":7})")));
    CHECK_FALSE(peek_bundle_id(as_bytes(R"({"x":{"bundle_id":")" + id + "\"}}")));
    CHECK_FALSE(peek_bundle_id(as_bytes("\"bundle_id\"")));
    CHECK_FALSE(peek_bundle_id({}));
}

TEST_CASE(
    "A manifest with and without cover letter, of one chunk and of several, is read back the same", "[protocol]"
) {
    for (const bool several : {false, true}) {
        json source = complete();
        if (several) {
            source["payload"] = {{"size", 200'000}, {"chunk_size", 65'536}, {"chunks", json::array()}};
            for (int i = 0; i < 4; ++i) {
                source["payload"]["chunks"].push_back(std::string(64, static_cast<char>('0' + i)));
            }
            source["cover"] = "AAEC";
        }
        const auto manifest = read(source);
        REQUIRE(manifest.has_value());
        const auto text = write_manifest(*manifest);
        const auto again = read_manifest(as_bytes(text), {});
        REQUIRE(again.has_value());
        CHECK(write_manifest(*again) == text);
        CHECK(again->chunks.size() == (several ? 4U : 1U));
        CHECK(again->cover.has_value() == several);
    }
}

TEST_CASE("A CSV version stands beside standard CSV files alone", "[protocol]") {
    for (const char* const name : {"a", "csv", ".cs", "x.pdf"}) {
        json source = complete();
        source["files"][0]["name"] = name;
        CAPTURE(name);
        CHECK(read(source).has_error());
    }
    for (const char* const version : {"20240", "2024070", "20240a", "20240/", "20240:"}) {
        json source = complete();
        source["files"][0]["csv_version"] = version;
        CAPTURE(version);
        CHECK(findings_of(read(source)) == All{"/files/0/csv_version bad_format"});
    }
}
