#include "client/archive.hpp"

#include "tests/unit/client/system_faults.hpp"
#include "tests/unit/client/test_office.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace relay::client;
using namespace relay::client::testing;
namespace protocol = relay::protocol;

namespace {

protocol::ManifestFile listed(const std::string& name, const std::string& content) {
    protocol::ManifestFile file;
    file.name = name;
    file.size = static_cast<std::int64_t>(content.size());
    file.sha256 = protocol::Digest::of(content);
    return file;
}

/// A ZIP of exactly these entries, whatever their names; "" as content with a trailing slash makes a folder.
void put_zip(
    const fs::path& path, const std::vector<std::pair<std::string, std::string>>& entries, unsigned type = AE_IFREG
) {
    archive* writer = archive_write_new();
    archive_write_set_format_zip(writer);
    REQUIRE(archive_write_open_filename(writer, path.c_str()) == ARCHIVE_OK);
    for (const auto& [name, content] : entries) {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, name.c_str());
        archive_entry_set_filetype(entry, type);
        if (type == AE_IFLNK) {
            archive_entry_set_symlink(entry, content.c_str());
        }
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, type == AE_IFREG ? static_cast<la_int64_t>(content.size()) : 0);
        REQUIRE(archive_write_header(writer, entry) == ARCHIVE_OK);
        if (type == AE_IFREG) {
            REQUIRE(archive_write_data(writer, content.data(), content.size()) >= 0);
        }
        archive_entry_free(entry);
    }
    REQUIRE(archive_write_close(writer) == ARCHIVE_OK);
    archive_write_free(writer);
}

struct Folders {
    TemporaryFolder base = *TemporaryFolder::make();
    fs::path zip = base.path() / "payload.zip";
    fs::path files = base.path() / "files";

    Folders() { fs::create_directory(files); }
};

std::string code_of(const Outcome<void>& outcome) {
    return outcome ? "good" : outcome.error().code;
}

} // namespace

TEST_CASE("files come out of the archive as they went in, Japanese names and empty files too", "[client]") {
    Folders folders;
    const std::vector<std::pair<std::string, std::string>> contents{
        {"UPPLAN_202611_2670100011_43_2670100029_11_20261120091500.CSV", std::string(100000, 'x')},
        {"ケアプラン 田中様.pdf", noise(300000)},
        {"空.txt", ""}};
    std::vector<fs::path> paths;
    for (const auto& [name, content] : contents) {
        paths.push_back(folders.base.path() / name);
        put_file(paths.back(), content);
    }
    std::uint64_t metered = 0;
    {
        auto zip = File::create(folders.zip);
        REQUIRE(ok(zip));
        const Sink sink = [&](protocol::BytesView bytes) { return zip->write(bytes).has_value(); };
        const auto written = write_archive(paths, sink, [&](std::uint64_t bytes) { metered += bytes; });
        REQUIRE(ok(written));
        REQUIRE(written->size() == contents.size());
        for (std::size_t i = 0; i < contents.size(); ++i) {
            CHECK((*written)[i].name == contents[i].first);
            CHECK((*written)[i].size == static_cast<std::int64_t>(contents[i].second.size()));
            CHECK((*written)[i].sha256 == protocol::Digest::of(contents[i].second));
        }
        CHECK(metered == 400000);
        REQUIRE(ok(extract_archive(folders.zip, *written, folders.files, {})));
    }
    for (const auto& [name, content] : contents) {
        const auto read = read_whole(folders.files / name, 1UL << 20);
        REQUIRE(ok(read));
        CHECK(*read == content);
    }
    CHECK(fs::file_size(folders.zip) < 310000); // the CSV is deflated
}

TEST_CASE("entries that would leave the folder are refused and nothing is written outside", "[client]") {
    const char* name =
        GENERATE("../evil.txt", "/tmp/relay-client-evil.txt", "a/b.txt", "./a.txt", "..", "a\\..\\b.txt");
    Folders folders;
    put_zip(folders.zip, {{name, "evil"}});
    // Even when the manifest itself lists the name.
    CHECK(code_of(extract_archive(folders.zip, {listed(name, "evil")}, folders.files, {})) == unusable_content);
    CHECK(fs::is_empty(folders.files));
    CHECK_FALSE(fs::exists(folders.base.path() / "evil.txt"));
    CHECK_FALSE(fs::exists("/tmp/relay-client-evil.txt"));
}

TEST_CASE("an archive that is not exactly what the manifest lists is unusable", "[client]") {
    Folders folders;
    const auto manifest = std::vector{listed("a.txt", "aaa"), listed("b.txt", "bbb")};
    using Entries = std::vector<std::pair<std::string, std::string>>;
    const auto entries = GENERATE(
        Entries{{"a.txt", "aaa"}},                                       // one is missing
        Entries{{"a.txt", "aaa"}, {"b.txt", "bbb"}, {"c.txt", "ccc"}},   // one is not listed
        Entries{{"a.txt", "aaa"}, {"a.txt", "aaa"}, {"b.txt", "bbb"}},   // one comes twice
        Entries{{"a.txt", "aaa"}, {"b.txt", "bbx"}},                     // another digest
        Entries{{"a.txt", "aaa"}, {"b.txt", "bb"}},                      // too short
        Entries{{"a.txt", "aaa"}, {"b.txt", std::string(1000000, 'b')}}, // too long
        Entries{{"a.txt", "aaa"}, {"B.TXT", "bbb"}}
    );
    put_zip(folders.zip, entries);
    CHECK(code_of(extract_archive(folders.zip, manifest, folders.files, {})) == unusable_content);
}

TEST_CASE("links and folders in an archive are refused", "[client]") {
    const auto type = GENERATE(AE_IFLNK, AE_IFDIR);
    Folders folders;
    put_zip(folders.zip, {{"a.txt", "/etc/passwd"}}, type);
    CHECK(
        code_of(extract_archive(folders.zip, {listed("a.txt", "/etc/passwd")}, folders.files, {})) == unusable_content
    );
    CHECK(fs::is_empty(folders.files));
}

TEST_CASE("content that is no ZIP archive is unusable", "[client]") {
    const auto content = GENERATE(std::string(), std::string("no archive"), noise(5000));
    Folders folders;
    put_file(folders.zip, content);
    CHECK(code_of(extract_archive(folders.zip, {listed("a.txt", "aaa")}, folders.files, {})) == unusable_content);
}

TEST_CASE("a file that stands in the way is left as it is and is not the sender's fault", "[client]") {
    Folders folders;
    put_zip(folders.zip, {{"a.txt", "aaa"}});
    put_file(folders.files / "a.txt", "mine");
    CHECK(code_of(extract_archive(folders.zip, {listed("a.txt", "aaa")}, folders.files, {})) == "local");
    CHECK(*read_whole(folders.files / "a.txt", 100) == "mine");
}

TEST_CASE("an archive that grows beyond what the manifest says is stopped there", "[client]") {
    Folders folders;
    const std::string bomb(20U << 20U, '\0');
    put_zip(folders.zip, {{"a.txt", bomb}});
    const auto small = listed("a.txt", "hello");
    CHECK(code_of(extract_archive(folders.zip, {small}, folders.files, {})) == unusable_content);
    CHECK(fs::file_size(folders.files / "a.txt") <= 5);
}

TEST_CASE("a manifest that lists more than the archive can hold is unusable before anything is written", "[client]") {
    Folders folders;
    put_zip(folders.zip, {{"a.txt", "hello"}});
    for (const std::int64_t size : {std::int64_t{1} << 30, std::int64_t{1} << 52}) {
        auto large = listed("a.txt", "hello");
        large.size = size;
        CHECK(code_of(extract_archive(folders.zip, {large, large, large}, folders.files, {})) == unusable_content);
    }
    CHECK(fs::is_empty(folders.files));
}

TEST_CASE("names that differ from the manifest in case or composition are other names", "[client]") {
    for (const char* other : {"A.txt", "a.TXT", "a.txt ", "./a.txt", "a.txt\\", "プ.txt"}) {
        Folders folders;
        put_zip(folders.zip, {{other, "hello"}});
        const std::vector<protocol::ManifestFile> files{
            listed("a.txt", "hello"), listed("フ\xE3\x82\x9A.txt", "hello")};
        INFO(other);
        CHECK(code_of(extract_archive(folders.zip, files, folders.files, {})) == unusable_content);
        CHECK(fs::is_empty(folders.files));
    }
}

TEST_CASE("an archive that is not stored or deflated is refused before it is decompressed", "[client]") {
    // An LZMA entry of 24 bytes whose dictionary is said to be 4 GiB, and its directory.
    const std::string name = "a.txt";
    const auto number = [](std::uint64_t value, int bytes) {
        std::string text;
        for (int i = 0; i < bytes; ++i) {
            text += static_cast<char>(value >> (8 * i) & 0xFFU);
        }
        return text;
    };
    const std::string lzma = number(0x00050409, 4) + "\x5D\xFF\xFF\xFF\xFF" + std::string(15, '\x1A');
    const std::string common = number(63, 2) + number(0, 2) + number(14, 2) + number(0x210000, 4) +
                               number(0x3610A686, 4) + number(lzma.size(), 4) + number(5, 4) + number(name.size(), 2) +
                               number(0, 2);
    const std::string local = number(0x04034B50, 4) + common + name + lzma;
    const std::string directory = number(0x02014B50, 4) + number(0x033F, 2) + common + number(0, 2) + number(0, 2) +
                                  number(0, 2) + number(0x81A40000, 4) + number(0, 4) + name;
    const std::string end = number(0x06054B50, 4) + number(0, 4) + number(1, 2) + number(1, 2) +
                            number(directory.size(), 4) + number(local.size(), 4) + number(0, 2);
    Folders folders;
    put_file(folders.zip, local + directory + end);
    const auto refused = extract_archive(folders.zip, {listed(name, "hello")}, folders.files, {});
    REQUIRE(code_of(refused) == unusable_content);
    CHECK_THAT(refused.error().text, Catch::Contains("deflate"));
    CHECK(fs::is_empty(folders.files));
}

TEST_CASE("an archive that the disk does not give back is never called unusable", "[client]") {
    Folders folders;
    const auto text = noise(600000);
    put_zip(folders.zip, {{"a.txt", text}, {"b.txt", "hello"}});
    int good = 0;
    for (bool more = true; more; ++good) {
        fs::remove_all(folders.files);
        fs::create_directory(folders.files);
        const ReadFault fault(good);
        const auto code =
            code_of(extract_archive(folders.zip, {listed("a.txt", text), listed("b.txt", "hello")}, folders.files, {}));
        more = fault.struck();
        INFO("after " << good << " reads");
        CHECK(code == (more ? "local" : "good"));
    }
    CHECK(good > 3);
}

TEST_CASE("an archive that cannot be opened for want of descriptors is never called unusable", "[client]") {
    Folders folders;
    put_zip(folders.zip, {{"a.txt", "hello"}});
    {
        const NoDescriptors none;
        CHECK(code_of(extract_archive(folders.zip, {listed("a.txt", "hello")}, folders.files, {})) == "local");
    }
    CHECK(code_of(extract_archive(folders.zip, {listed("a.txt", "hello")}, folders.files, {})) == "good");
}
