// The manifest (protocol.md §4): its form, and nothing about who may send what (server/mailbox/sending).
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::protocol {

struct ManifestFile {
    std::string name;
    std::int64_t size = 0;
    Digest sha256;
    std::optional<std::string> csv_version;
};

struct Manifest {
    BundleId bundle_id;
    OfficeNumber sender;
    OfficeNumber recipient;
    Time created_at;
    std::vector<ManifestFile> files;
    std::optional<Bytes> cover; ///< DER or BER of a CMS AuthEnvelopedData
    std::int64_t payload_size = 0;
    std::int64_t chunk_size = 0;
    std::vector<Digest> chunks;

    /// Bytes of chunk n: chunk_size, or the rest for the last one.
    [[nodiscard]] std::int64_t size_of_chunk(std::size_t n) const noexcept;
};

struct ManifestLimits {
    std::int64_t chunk_size = 16LL << 20;
    std::int64_t payload_size = 1LL << 30;
};

inline constexpr std::size_t max_manifest_bytes = 64 * 1024;
inline constexpr std::size_t max_cover_bytes = 8 * 1024;
inline constexpr std::int64_t min_chunk_size = 64 * 1024;
inline constexpr std::size_t max_chunks = 900;
inline constexpr std::size_t max_files = 100;

/// Reads the manifest's bytes. Errors: too_large (over 64 KiB, or payload or chunk above a limit),
/// invalid_manifest with every finding. File names are only checked to be strings here.
[[nodiscard]] Result<Manifest> read_manifest(BytesView bytes, const ManifestLimits& limits);

/// The manifest as the bytes that are signed (client side).
[[nodiscard]] std::string write_manifest(const Manifest& manifest);

/// The JSON array of `files`, as answers show it.
[[nodiscard]] std::string files_to_json(const std::vector<ManifestFile>& files);

/// Finds bundle_id's shape in bytes that need not be a good manifest; for batch results and refusal events.
[[nodiscard]] std::optional<BundleId> peek_bundle_id(BytesView bytes);

} // namespace relay::protocol
