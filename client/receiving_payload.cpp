// The part of a download that brings the payload to the disk and makes files of it.
#include "client/archive.hpp"
#include "client/chunk_workers.hpp"
#include "client/incoming_chunk.hpp"
#include "client/progress.hpp"
#include "client/receiving.hpp"
#include "client/words.hpp"
#include "protocol/standard/values.hpp"

#include <algorithm>
#include <system_error>

namespace relay::client {
namespace {

std::uint64_t offset_of(const protocol::Manifest& manifest, std::size_t n) {
    return static_cast<std::uint64_t>(manifest.chunk_size) * n;
}

std::size_t bytes_of(const protocol::Manifest& manifest, std::size_t n) {
    return static_cast<std::size_t>(manifest.size_of_chunk(n));
}

bool is_chunk(const protocol::Manifest& manifest, std::size_t n, protocol::BytesView bytes) {
    return bytes.size() == bytes_of(manifest, n) && protocol::Digest::of(bytes) == manifest.chunks[n];
}

/// Whether an earlier run brought this chunk already.
bool is_there(File& file, std::uint64_t file_size, const protocol::Manifest& manifest, std::size_t n) {
    if (offset_of(manifest, n) + bytes_of(manifest, n) > file_size) {
        return false;
    }
    // In pieces: a chunk may be of 16 MiB.
    protocol::Sha256 sha256;
    for (std::size_t at = 0; at < bytes_of(manifest, n);) {
        const auto size = std::min(piece_bytes, bytes_of(manifest, n) - at);
        const auto bytes = file.read_at(offset_of(manifest, n) + at, size);
        if (!bytes) {
            return false;
        }
        sha256.update(*bytes);
        at += size;
    }
    return sha256.finish() == manifest.chunks[n];
}

/// A name for the cover letter that no file of the bundle has.
std::string name_for_message(const protocol::Manifest& manifest) {
    std::string name = "cover-letter.txt";
    using protocol::standard::upper_ascii;
    const auto is_taken = [&](const auto& file) { return upper_ascii(file.name) == upper_ascii(name); };
    for (int n = 2; std::any_of(manifest.files.begin(), manifest.files.end(), is_taken); ++n) {
        name = "cover-letter-" + std::to_string(n) + ".txt";
    }
    return name;
}

} // namespace

Outcome<void> Download::fetch_payload(
    const VerifiedManifest& verified, const ClaimRecord& record, const std::string& inline_payload
) {
    const auto& manifest = verified.manifest;
    auto file = File::open_or_create(claims_.work_folder(manifest.bundle_id) / "payload.cms");
    if (!file) {
        return file.error();
    }
    if (!inline_payload.empty()) {
        const auto bytes = protocol::from_base64(inline_payload);
        if (!bytes || manifest.chunks.size() != 1 || !is_chunk(manifest, 0, *bytes)) {
            return content_failure(words(
                "the payload is not the one that the manifest tells of", "届いたデータがマニフェストと一致しません"
            ));
        }
        return file->write_at(0, *bytes);
    }
    const auto size_before = file->size();
    if (!size_before) {
        return size_before.error();
    }
    Progress progress("receiving", static_cast<std::uint64_t>(manifest.payload_size));
    std::vector<std::size_t> missing;
    for (std::size_t n = 0; n < manifest.chunks.size(); ++n) {
        if (is_there(*file, *size_before, manifest, n)) {
            progress.add(bytes_of(manifest, n));
        } else {
            missing.push_back(n);
        }
    }
    if (auto fetched = fetch_chunks(manifest, record, missing, &*file, progress); !fetched) {
        return fetched;
    }
    return file->sync();
}

Outcome<void> Download::fetch_chunks(
    const protocol::Manifest& manifest,
    const ClaimRecord& record,
    const std::vector<std::size_t>& numbers,
    File* file,
    Progress& progress
) {
    return for_each_chunk(session_, numbers, [&](HttpClient& http, std::size_t n) -> Outcome<void> {
        Request request;
        request.path = "/v1/inbox/" + manifest.bundle_id.str() + "/chunks/" + std::to_string(n);
        request.headers = {"Relay-Claim: " + record.claim_id.str()};
        IncomingChunk incoming({offset_of(manifest, n), bytes_of(manifest, n), manifest.chunks[n]}, file, progress);
        auto fetched = incoming.fetch([&](Request one) { return session_.send_over(http, std::move(one)); }, request);
        if (!fetched && fetched.error().code == unusable_content) {
            return content_failure(words(
                "chunk {0} is not the one that the manifest tells of",
                "データの {0} 番目の部分がマニフェストと一致しません",
                {std::to_string(n)}
            ));
        }
        return fetched;
    });
}

Outcome<void> Download::unpack(const protocol::Manifest& manifest) {
    const auto work = claims_.work_folder(manifest.bundle_id);
    const auto archive = work / "payload.zip";
    const auto files = work / "files";
    std::error_code error;
    fs::remove_all(files, error);
    fs::remove(archive, error);
    if (auto made = make_folder(files); !made) {
        return made;
    }
    Progress progress("unpacking", static_cast<std::uint64_t>(manifest.payload_size));
    const Meter meter = [&progress](std::uint64_t bytes) { progress.add(bytes); };
    if (auto decrypted = decrypt_file(work / "payload.cms", archive, keys_, meter); !decrypted) {
        return decrypted;
    }
    if (auto extracted = extract_archive(archive, manifest.files, files, {}); !extracted) {
        return extracted;
    }
    const auto message = read_message(manifest);
    if (message && !message->empty()) {
        if (auto written = write_durably(files / name_for_message(manifest), *message + "\n"); !written) {
            return written;
        }
    }
    fs::remove(archive, error);
    return {};
}

Outcome<std::string> Download::read_message(const protocol::Manifest& manifest) const {
    if (!manifest.cover) {
        return std::string();
    }
    const auto plain = decrypt_bytes(*manifest.cover, keys_);
    if (!plain) {
        return local_failure(words("the message cannot be read: {0}", "送付状を読めません: {0}", {plain.error().text}));
    }
    return std::string(protocol::as_text(*plain));
}

} // namespace relay::client
