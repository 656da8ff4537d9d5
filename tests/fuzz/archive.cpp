// Unpacking: any bytes as the ZIP of a bundle with two files.
#include "client/archive.hpp"

#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <fstream>
#include <string>

namespace relay::fuzz {

namespace {

using namespace client;

protocol::ManifestFile listed(const std::string& name, const std::string& content) {
    protocol::ManifestFile file;
    file.name = name;
    file.size = static_cast<std::int64_t>(content.size());
    file.sha256 = protocol::Digest::of(content);
    return file;
}

const TemporaryFolder& base() {
    static const TemporaryFolder folder = *TemporaryFolder::make();
    return folder;
}

std::size_t entries_in(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

} // namespace

void judge(protocol::BytesView input) {
    static const std::vector<protocol::ManifestFile> files{listed("a.txt", "hello"), listed("図.pdf", "")};
    const auto zip = base().path() / "payload.zip";
    const auto folder = base().path() / "files";
    fs::remove_all(folder);
    fs::create_directory(folder);
    std::ofstream(zip, std::ios::binary)
        .write(reinterpret_cast<const char*>(input.data()), std::streamsize(input.size()));

    const auto extracted = extract_archive(zip, files, folder, {});
    require(entries_in(base().path()) == 2, "nothing is written outside");
    for (const auto& entry : fs::directory_iterator(folder)) {
        const auto of_entry = [&](const auto& file) { return file.name == entry.path().filename().string(); };
        const auto file = std::find_if(files.begin(), files.end(), of_entry);
        require(file != files.end(), "only what is listed is written");
        require(entry.is_regular_file() && !entry.is_symlink(), "files are files");
        require(entry.file_size() <= static_cast<std::uintmax_t>(file->size), "no file is longer than it is listed");
    }
    if (extracted) {
        require(entries_in(folder) == files.size(), "all that is listed is there");
        for (const auto& file : files) {
            const auto measured = measure(folder / file.name);
            require(measured && measured->sha256 == file.sha256, "every file is what is listed");
        }
    }
}

} // namespace relay::fuzz
