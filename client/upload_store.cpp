#include "client/upload_store.hpp"

#include "client/words.hpp"
#include "protocol/cms/signed_data.hpp"

#include <chrono>
#include <limits>
#include <set>
#include <system_error>
#include <utility>

namespace relay::client {
namespace {

constexpr const char* manifest_name = "manifest.cms";
constexpr const char* accepted_name = "accepted";
constexpr std::size_t most_manifest_bytes = 256 * 1024;
constexpr const char* batch_name = "batch";
constexpr std::size_t most_told_bytes = 16UL << 20;
constexpr std::chrono::hours payload_kept_for{24 * 7};
constexpr std::chrono::hours kept_for{24 * 400};

/// What an earlier run left: the manifest is written when the payload is on the disk.
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
    return bundle;
}

bool is_whole(const PackedBundle& bundle) {
    std::error_code error;
    const auto size = fs::file_size(bundle.payload, error);
    return !error && size == static_cast<std::uintmax_t>(bundle.manifest.payload_size);
}

/// All but the lock, the note of a batch and what `spared` names.
Outcome<void> remove_content(const fs::path& folder, const std::set<std::string>& spared = {}) {
    std::error_code error;
    if (!spared.contains(manifest_name)) {
        fs::remove(folder / manifest_name, error); // first: without it, the rest is nothing
    }
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        const auto name = entry->path().filename().string();
        if (name != "lock" && name != batch_name && !spared.contains(name)) {
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
    const auto folder = folder_ / name;
    std::error_code ignored;
    fs::last_write_time(folder, fs::file_time_type::clock::now(), ignored); // old is what nobody asks for any more
    remove_old();
    if (auto made = make_folder(folder); !made) {
        return made.error();
    }
    auto lock = lock_upload(folder);
    if (!lock) {
        return lock.error();
    }
    auto bundle = load(folder);
    if (!bundle) {
        if (auto emptied = remove_content(folder); !emptied) {
            return emptied.error();
        }
    }
    const bool accepted = bundle && fs::exists(folder / accepted_name, ignored);
    const bool too_old = bundle && !accepted && !is_whole(*bundle);
    const bool of_batch = accepted || fs::exists(folder / batch_name, ignored);
    return Upload{folder, *std::move(lock), std::move(bundle), accepted, too_old, of_batch};
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
    upload.of_batch = true;
    std::error_code ignored;
    fs::remove(upload.bundle->payload, ignored);
    return {};
}

Outcome<void> UploadStore::empty(Upload& upload, bool for_good) const {
    if (!for_good) {
        upload.bundle.reset();
        upload.accepted = false;
        upload.too_old = false;
    }
    if (auto emptied = remove_content(upload.folder); !emptied || !for_good) {
        return emptied;
    }
    std::error_code ignored;
    fs::remove_all(upload.folder, ignored);
    return {};
}

Outcome<void> UploadStore::begin_anew(Upload& upload) const {
    if (auto noted = write_durably(upload.folder / batch_name, ""); !noted) {
        return noted;
    }
    return empty(upload, false);
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
    return take_lock(
        batch_file(settings),
        words(
            "another relay-client is sending a batch: try again when it is done",
            "別の relay-client が一括送信をしています。終わってから、もう一度実行してください"
        )
    );
}

fs::path UploadStore::batch_file(const Settings& settings) const {
    const auto whose = settings.url + " " + settings.user;
    return folder_.parent_path() / ("batch-" + protocol::Digest::of(protocol::as_bytes(whose)).hex());
}

Outcome<void> UploadStore::note_told(const Settings& settings, const Told& told) const {
    Json json = Json::object();
    for (const auto& [name, bundle_id] : told) {
        json[name] = bundle_id.str();
    }
    return write_durably(batch_file(settings).string() + ".told", json.dump() + "\n");
}

Outcome<UploadStore::Told> UploadStore::load_told(const Settings& settings) const {
    const fs::path path = batch_file(settings).string() + ".told";
    std::error_code error;
    if (!fs::exists(path, error)) {
        return Told();
    }
    const auto text = read_whole(path, most_told_bytes);
    if (!text) {
        return text.error();
    }
    Told told;
    const auto json = Json::parse(*text, nullptr, false);
    for (const auto& [name, value] : json.items()) {
        if (const auto bundle_id = protocol::BundleId::parse(text_at(json, name))) {
            told.emplace(name, *bundle_id);
        }
    }
    return told;
}

void UploadStore::forget_told(const Settings& settings, const Told& told) const {
    for (const auto& [name, bundle_id] : told) {
        forget(name);
    }
    std::error_code ignored;
    fs::remove(batch_file(settings).string() + ".told", ignored);
}

void UploadStore::remove_old() const {
    const auto now = fs::file_time_type::clock::now();
    std::error_code error;
    for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        const auto written = entry->last_write_time(ignored);
        if (ignored || now - written <= payload_kept_for) {
            continue;
        }
        const auto lock = lock_upload(entry->path());
        if (lock && now - written > kept_for) {
            fs::remove_all(entry->path(), ignored);
        } else if (lock) {
            (void)remove_content(entry->path(), {manifest_name, accepted_name}); // the next run tries again
        }
    }
}

} // namespace relay::client
