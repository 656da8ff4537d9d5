#include "client/upload_store.hpp"

#include "protocol/cms/signed_data.hpp"

#include <chrono>
#include <limits>
#include <sys/file.h>
#include <system_error>
#include <utility>

namespace relay::client {
namespace {

constexpr const char* manifest_name = "manifest.cms";
constexpr std::size_t most_manifest_bytes = 256 * 1024;
constexpr std::chrono::hours kept_for{24 * 7};

/// What an earlier run left whole: the manifest is written when the payload is on the disk.
std::optional<PackedBundle> load(const fs::path& folder) {
    const auto signed_manifest = read_whole(folder / manifest_name, most_manifest_bytes);
    if (!signed_manifest) {
        return std::nullopt;
    }
    PackedBundle bundle;
    bundle.signed_manifest = protocol::to_bytes(protocol::as_bytes(*signed_manifest));
    const auto content = protocol::cms::verify(bundle.signed_manifest);
    const protocol::ManifestLimits no_limits{
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::max()};
    auto manifest = content ? protocol::read_manifest(content->content, no_limits)
                            : protocol::Result<protocol::Manifest>(content.error());
    if (!manifest) {
        return std::nullopt;
    }
    bundle.manifest = *std::move(manifest);
    bundle.payload = folder / bundle.manifest.bundle_id.str();
    std::error_code error;
    const auto size = fs::file_size(bundle.payload, error);
    return !error && size == static_cast<std::uintmax_t>(bundle.manifest.payload_size)
               ? std::optional(std::move(bundle))
               : std::nullopt;
}

Outcome<void> remove_content(const fs::path& folder) {
    std::error_code error;
    fs::remove(folder / manifest_name, error);
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (entry->path().filename() != "lock") {
            fs::remove(entry->path(), error);
        }
    }
    return error ? Outcome<void>(local_failure(folder.string() + ": " + error.message())) : Outcome<void>();
}

Outcome<File> take_lock(const fs::path& folder) {
    auto file = File::open_or_create(folder / "lock");
    if (file && ::flock(file->descriptor(), LOCK_EX | LOCK_NB) != 0) {
        return local_failure("another relay-client is sending the same files to the same office");
    }
    return file;
}

} // namespace

Outcome<std::string> UploadStore::name_of(
    const Settings& settings,
    const protocol::OfficeNumber& recipient,
    const std::string& message,
    const std::vector<fs::path>& files
) {
    Json what{{"url", settings.url}, {"user", settings.user}, {"to", recipient.str()}, {"message", message}};
    what["files"] = Json::array();
    for (const auto& path : files) {
        const auto measured = measure(path);
        if (!measured) {
            return measured.error();
        }
        what["files"].push_back({path.filename().string(), measured->sha256.hex()});
    }
    return protocol::Digest::of(protocol::as_bytes(what.dump(-1, ' ', false, Json::error_handler_t::replace))).hex();
}

Outcome<UploadStore::Upload> UploadStore::open(const std::string& name) const {
    remove_old();
    const auto folder = folder_ / name;
    if (auto made = make_folder(folder); !made) {
        return made.error();
    }
    auto lock = take_lock(folder);
    if (!lock) {
        return lock.error();
    }
    auto bundle = load(folder);
    if (!bundle) {
        if (auto emptied = remove_content(folder); !emptied) {
            return emptied.error();
        }
    }
    return Upload{folder, *std::move(lock), std::move(bundle)};
}

Outcome<void> UploadStore::save(const Upload& upload) const {
    auto payload = File::open_to_read(upload.bundle->payload);
    if (!payload) {
        return payload.error();
    }
    if (auto synced = payload->sync(); !synced) {
        return synced;
    }
    return write_durably(upload.folder / manifest_name, protocol::as_text(upload.bundle->signed_manifest));
}

Outcome<void> UploadStore::empty(Upload& upload, bool for_good) const {
    if (!for_good) {
        upload.bundle.reset();
    }
    if (auto emptied = remove_content(upload.folder); !emptied || !for_good) {
        return emptied;
    }
    std::error_code ignored;
    fs::remove_all(upload.folder, ignored);
    return {};
}

/// The relay has dropped them long since.
void UploadStore::remove_old() const {
    const auto now = fs::file_time_type::clock::now();
    std::error_code error;
    for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        const auto written = entry->last_write_time(ignored);
        if (!ignored && now - written > kept_for) {
            const auto lock = take_lock(entry->path());
            if (lock) {
                fs::remove_all(entry->path(), ignored);
            }
        }
    }
}

} // namespace relay::client
