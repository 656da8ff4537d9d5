#include "client/packing.hpp"

#include "client/archive.hpp"
#include "client/crypto/envelope.hpp"
#include "client/progress.hpp"
#include "client/words.hpp"
#include "protocol/cms/signed_data.hpp"
#include "protocol/standard/file_name.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace relay::client {
namespace {

constexpr std::int64_t usual_chunk_bytes = 4LL << 20;

/// The first field of a standard CSV file is its CSV version, six digits, quoted or not.
std::optional<std::string> csv_version_of(const fs::path& path) {
    const auto name = protocol::standard::parse_file_name(path.filename().string(), {});
    const auto* standard_name = std::get_if<protocol::standard::StandardName>(&name);
    auto file = File::open_to_read(path);
    if (standard_name == nullptr || standard_name->image_number || !file) {
        return std::nullopt;
    }
    std::string start(8, '\0');
    const auto got = file->read(start.data(), start.size());
    start.resize(got ? *got : 0);
    if (start.starts_with('"')) {
        start.erase(0, 1);
    }
    const auto version = start.substr(0, 6);
    const bool digits = version.size() == 6 && version.find_first_not_of("0123456789") == std::string::npos;
    const bool ends = start.size() > 6 && (start[6] == ',' || start[6] == '"');
    return digits && ends ? std::optional(version) : std::nullopt;
}

std::uint64_t total_size(const std::vector<fs::path>& files) {
    std::uint64_t total = 0;
    for (const auto& path : files) {
        std::error_code error;
        const auto size = fs::file_size(path, error);
        total += error ? 0 : size;
    }
    return total;
}

Outcome<void> write_payload(
    const std::vector<fs::path>& files,
    const Recipient& recipient,
    const fs::path& payload,
    protocol::Manifest& manifest
) {
    Progress progress("packing", total_size(files));
    const Meter meter = [&progress](std::uint64_t bytes) { progress.add(bytes); };
    return encrypt_to_file(payload, recipient.certificates, [&](const Sink& sink) -> Outcome<void> {
        auto listed = write_archive(files, sink, meter);
        if (!listed) {
            return listed.error();
        }
        manifest.files = *std::move(listed);
        return {};
    });
}

Outcome<void> cut_into_chunks(const fs::path& payload, const Limits& limits, protocol::Manifest& manifest) {
    auto file = File::open_to_read(payload);
    if (!file) {
        return file.error();
    }
    const auto size = file->size();
    if (!size) {
        return size.error();
    }
    manifest.payload_size = static_cast<std::int64_t>(*size);
    if (manifest.payload_size > limits.payload_size) {
        return local_failure(words(
            "the bundle is larger than the relay takes ({0} MiB): send it in parts",
            "データが上限（{0} MiB）を超えています。分けて送信してください",
            {std::to_string(limits.payload_size / (1024 * 1024))}
        ));
    }
    manifest.chunk_size = choose_chunk_size(manifest.payload_size, limits.chunk_size);
    for (std::int64_t at = 0; at < manifest.payload_size; at += manifest.chunk_size) {
        const auto count = std::min(manifest.chunk_size, manifest.payload_size - at);
        const auto chunk = file->read_at(static_cast<std::uint64_t>(at), static_cast<std::size_t>(count));
        if (!chunk) {
            return chunk.error();
        }
        manifest.chunks.push_back(protocol::Digest::of(*chunk));
    }
    if (manifest.chunks.size() > protocol::max_chunks) {
        return local_failure(words(
            "the bundle is larger than the relay's chunks allow: send it in parts",
            "データが大きすぎます。分けて送信してください"
        ));
    }
    return {};
}

Outcome<void> add_cover(const std::string& message, const Recipient& recipient, protocol::Manifest& manifest) {
    if (message.empty()) {
        return {};
    }
    auto cover = encrypt_bytes(recipient.certificates, protocol::as_bytes(message));
    if (!cover) {
        return cover.error();
    }
    if (cover->size() > protocol::max_cover_bytes) {
        return local_failure(words(
            "the message is too long: attach it as a text file",
            "送付状が長すぎます。テキストファイルにして添付してください"
        ));
    }
    manifest.cover = *std::move(cover);
    return {};
}

} // namespace

std::int64_t choose_chunk_size(std::int64_t payload_size, std::int64_t most) {
    if (payload_size <= std::min(most, usual_chunk_bytes)) {
        return payload_size;
    }
    const auto fewest = (payload_size + static_cast<std::int64_t>(protocol::max_chunks) - 1) /
                        static_cast<std::int64_t>(protocol::max_chunks);
    return std::min(most, std::max(usual_chunk_bytes, fewest));
}

Outcome<PackedBundle> pack(
    const std::vector<fs::path>& files,
    const std::string& message,
    const protocol::OfficeNumber& sender,
    const Recipient& recipient,
    const Identity& identity,
    const Limits& limits,
    const fs::path& folder
) {
    PackedBundle bundle;
    auto& manifest = bundle.manifest;
    manifest.created_at = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    manifest.bundle_id = {protocol::time_uuid(manifest.created_at.time_since_epoch().count())};
    manifest.sender = sender;
    manifest.recipient = recipient.number;
    bundle.payload = folder / manifest.bundle_id.str();
    if (auto written = write_payload(files, recipient, bundle.payload, manifest); !written) {
        return written.error();
    }
    for (std::size_t i = 0; i < files.size(); ++i) {
        manifest.files[i].csv_version = csv_version_of(files[i]);
    }
    if (auto cut = cut_into_chunks(bundle.payload, limits, manifest); !cut) {
        return cut.error();
    }
    if (auto covered = add_cover(message, recipient, manifest); !covered) {
        return covered.error();
    }
    const auto text = protocol::write_manifest(manifest);
    if (text.size() > protocol::max_manifest_bytes) {
        return local_failure(words(
            "the list of files is too long for one bundle: send it in parts",
            "ファイルが多すぎます。分けて送信してください"
        ));
    }
    auto signed_manifest = protocol::cms::sign(protocol::as_bytes(text), identity.certificate_pem, identity.key_pem);
    if (!signed_manifest) {
        return local_failure(words(
            "the manifest cannot be signed: {0}", "電子署名を付けられません: {0}", {signed_manifest.error().cause}
        ));
    }
    bundle.signed_manifest = *std::move(signed_manifest);
    return bundle;
}

} // namespace relay::client
