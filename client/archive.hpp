// The ZIP inside a payload: exactly the files of the manifest, by their names alone.
#pragma once

#include "client/failure.hpp"
#include "client/files.hpp"
#include "protocol/manifest.hpp"

#include <string>
#include <vector>

namespace relay::client {

/// Writes the files, deflated, under their last path part, and tells size and digest of what was written.
/// Memory is bounded. A file that changes its size meanwhile is a failure.
[[nodiscard]] Outcome<std::vector<protocol::ManifestFile>>
write_archive(const std::vector<fs::path>& files, const Sink& sink, const Meter& meter);

/// Unpacks into `folder`, which is there and empty. Every entry must be a plain file of `files`, stored or deflated,
/// once, of its size and digest; all of `files` must be there. Files are synced. content_failure when the archive is
/// not that, or when the sizes listed are more than it can hold; a local failure when the disk has no room for them, or
/// does not give the archive's bytes.
[[nodiscard]] Outcome<void> extract_archive(
    const fs::path& archive,
    const std::vector<protocol::ManifestFile>& files,
    const fs::path& folder,
    const Meter& meter
);

/// A name that stays in its folder: no separators, no control characters, not "." or "..", not hidden.
[[nodiscard]] bool is_safe_name(std::string_view name) noexcept;

} // namespace relay::client
