#include "client/upload_store.hpp"

#include "client/words.hpp"
#include "protocol/cms/signed_data.hpp"

#include <chrono>
#include <limits>
#include <system_error>
#include <utility>

namespace relay::client {
namespace {

constexpr const char* manifest_name = "manifest.cms";
constexpr const char* accepted_name = "accepted";
constexpr std::size_t most_manifest_bytes = 256 * 1024;
constexpr std::chrono::hours kept_for{24 * 7};

/// What an earlier run left whole: the manifest is written when the payload is on the disk.
std::optional<PackedBundle> load(const fs::path& folder, bool accepted) {
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
    const bool whole = !error && size == static_cast<std::uintmax_t>(bundle.manifest.payload_size);
    return whole || accepted ? std::optional(std::move(bundle)) : std::nullopt;
}

Outcome<void> remove_content(const fs::path& folder) {
    std::error_code error;
    fs::remove(folder / manifest_name, error);
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (entry->path().filename() != "lock") {
            fs::remove(entry->path(), error);
        }
    }
    return error ? Outcome<void>(local_failure(folder.string() + ": " + words_of(error))) : Outcome<void>();
}

Outcome<File> take_lock(const fs::path& path, const std::string& busy) {
    auto file = try_lock(path);
    if (!file) {
        return file.error();
    }
    return *file ? Outcome<File>(**std::move(file)) : local_failure(busy);
}

Outcome<File> lock_upload(const fs::path& folder) {
    return take_lock(
        folder / "lock",
        words(
            "another relay-client is sending the same files to the same office",
            "別の relay-client が同じファイルを同じ事業所へ送信しています"
        )
    );
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
    auto lock = lock_upload(folder);
    if (!lock) {
        return lock.error();
    }
    std::error_code ignored;
    const bool accepted = fs::exists(folder / accepted_name, ignored);
    auto bundle = load(folder, accepted);
    if (!bundle) {
        if (auto emptied = remove_content(folder); !emptied) {
            return emptied.error();
        }
    }
    fs::last_write_time(folder, fs::file_time_type::clock::now(), ignored); // old is what nobody asks for any more
    const bool found = bundle.has_value();
    return Upload{folder, *std::move(lock), std::move(bundle), accepted && found};
}

Outcome<void> UploadStore::save(const Upload& upload) const {
    auto payload = File::open_to_read(upload.bundle->payload);
    if (!payload) {
        return payload.error();
    }
    if (auto synced = payload->sync(); !synced) {
        return synced;
    }
    if (auto written = write_durably(upload.folder / manifest_name, protocol::as_text(upload.bundle->signed_manifest));
        !written) {
        return written;
    }
    return sync_folder(folder_);
}

Outcome<void> UploadStore::note_accepted(Upload& upload) const {
    if (auto noted = write_durably(upload.folder / accepted_name, ""); !noted) {
        return noted;
    }
    upload.accepted = true;
    std::error_code ignored;
    fs::remove(upload.bundle->payload, ignored);
    return {};
}

Outcome<void> UploadStore::empty(Upload& upload, bool for_good) const {
    if (!for_good) {
        upload.bundle.reset();
        upload.accepted = false;
    }
    if (auto emptied = remove_content(upload.folder); !emptied || !for_good) {
        return emptied;
    }
    std::error_code ignored;
    fs::remove_all(upload.folder, ignored);
    return {};
}

void UploadStore::forget(const std::string& name) const {
    const auto lock = lock_upload(folder_ / name);
    if (lock) {
        std::error_code ignored;
        fs::remove_all(folder_ / name, ignored);
    }
}

Outcome<File> UploadStore::lock_batch(const Settings& settings) const {
    if (auto made = make_folder(folder_); !made) {
        return made.error();
    }
    const auto whose = settings.url + " " + settings.user;
    const auto name = "batch-" + protocol::Digest::of(protocol::as_bytes(whose)).hex();
    return take_lock(
        folder_.parent_path() / name,
        words(
            "another relay-client is sending a batch: try again when it is done",
            "別の relay-client が一括送信をしています。終わってから、もう一度実行してください"
        )
    );
}

/// The relay has dropped them long since.
void UploadStore::remove_old() const {
    const auto now = fs::file_time_type::clock::now();
    std::error_code error;
    for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        const auto written = entry->last_write_time(ignored);
        if (!ignored && now - written > kept_for) {
            const auto lock = lock_upload(entry->path());
            if (lock) {
                fs::remove_all(entry->path(), ignored);
            }
        }
    }
}

} // namespace relay::client
