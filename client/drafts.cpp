#include "client/drafts.hpp"

#include "client/words.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

namespace relay::client {
namespace {

constexpr std::size_t most_description = 1024 * 1024;
constexpr std::size_t most_word = 4 * 1024 * 1024;
// What stands in a draft's folder: draft.json, files/, and packed/ with manifest.json, manifest.cms, sender.json
// and payload.
constexpr const char* description = "draft.json";
constexpr const char* sender_name = "sender.json";

bool is_id(std::string_view text) {
    return text.size() == 8 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Outcome<void> copy_durably(const fs::path& from, const fs::path& to) {
    auto in = File::open_to_read(from);
    if (!in) {
        return in.error();
    }
    auto out = File::create(to);
    if (!out) {
        return out.error();
    }
    protocol::Bytes piece(piece_bytes);
    while (true) {
        const auto got = in->read(piece.data(), piece.size());
        if (!got) {
            return got.error();
        }
        if (*got == 0) {
            return out->sync();
        }
        if (auto written = out->write(protocol::BytesView(piece).first(*got)); !written) {
            return written;
        }
    }
}

Outcome<void> copy_all(const std::vector<fs::path>& files, const fs::path& folder) {
    if (auto made = make_folder(folder); !made) {
        return made;
    }
    for (const auto& path : files) {
        if (auto copied = copy_durably(path, folder / path.filename()); !copied) {
            return copied;
        }
    }
    return sync_folder(folder);
}

/// Of a packed bundle that an older version kept, nobody knows the sender.
Outcome<void> check_sender(const std::string& id, const fs::path& packed, const DraftSender& sender) {
    std::error_code error;
    if (!fs::exists(packed / sender_name, error) && !error) {
        return {};
    }
    const auto text = read_whole(packed / sender_name, most_description);
    if (!text) {
        return text.error();
    }
    const auto json = Json::parse(*text, nullptr, false);
    const auto url = text_at(json, "url");
    const auto user = text_at(json, "user");
    if (url == sender.url && user == sender.user) {
        return {};
    }
    return local_failure(words(
        "draft {0} was being sent by {1} to {2}, and may have arrived: send it with those settings",
        "下書き {0} は {1} が {2} へ送信している途中で、すでに届いているかもしれません。その設定で送信してください",
        {id, user, url}
    ));
}

Outcome<void> remove_tree(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) {
        return local_failure(path.string() + ": " + words_of(error));
    }
    return {};
}

} // namespace

Outcome<Draft> DraftStore::save(
    const protocol::OfficeNumber& recipient, const std::string& message, const std::vector<fs::path>& files
) const {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto random = protocol::random_uuid();
    Draft draft;
    draft.id = random.str().substr(0, 8);
    draft.recipient = recipient;
    draft.message = message;
    draft.saved_at = protocol::to_rfc3339(now);
    Json names = Json::array();
    for (const auto& path : files) {
        names.push_back(path.filename().string());
        draft.files.push_back(path_of(draft.id) / "files" / path.filename());
    }
    const auto only_saver = begin_saving();
    if (!only_saver) {
        return only_saver.error();
    }
    const Json json{
        {"recipient", recipient.str()}, {"message", message}, {"saved_at", draft.saved_at}, {"files", names}};
    const auto work = folder_ / (".saving-" + draft.id);
    auto saved = make_folder(work);
    if (saved) {
        saved = copy_all(files, work / "files");
    }
    if (saved) {
        saved = write_durably(work / description, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    }
    if (saved) {
        saved = move_without_replacing(work, path_of(draft.id));
    }
    if (!saved) {
        (void)remove_tree(work); // the failure itself matters more
        return saved.error();
    }
    return draft;
}

/// Also clears away what a crash left of other drafts: it is not encrypted.
Outcome<File> DraftStore::begin_saving() const {
    if (auto made = make_folder(folder_); !made) {
        return made.error();
    }
    auto lock = try_lock(folder_ / ".lock");
    if (!lock) {
        return lock.error();
    }
    if (!*lock) {
        return local_failure(words(
            "another relay-client is saving a draft: try again",
            "別の relay-client が下書きを保存しています。もう一度実行してください"
        ));
    }
    std::error_code error;
    for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
        const auto name = entry->path().filename().string();
        if (name.starts_with(".saving-") || name.starts_with(".gone-")) {
            (void)remove_tree(entry->path());
        }
    }
    return **std::move(lock);
}

Outcome<Draft> DraftStore::load(const std::string& id) const {
    if (!is_id(id)) {
        return usage_failure(words("{0} is no draft's number", "{0} は下書きの番号ではありません", {id}));
    }
    const auto text = read_whole(path_of(id) / description, most_description);
    if (!text) {
        return local_failure(words("there is no draft {0}", "下書き {0} はありません", {id}));
    }
    const auto json = Json::parse(*text, nullptr, false);
    const auto recipient = protocol::OfficeNumber::parse(text_at(json, "recipient"));
    if (!recipient) {
        return local_failure(
            (path_of(id) / description).string() + words(": not readable as a draft", ": 下書きとして読めません")
        );
    }
    Draft draft;
    draft.id = id;
    draft.recipient = *recipient;
    draft.message = text_at(json, "message");
    draft.saved_at = text_at(json, "saved_at");
    for (const auto& name : member_of(json, "files")) {
        draft.files.push_back(path_of(id) / "files" / (name.is_string() ? name.get<std::string>() : std::string()));
    }
    std::error_code error;
    draft.being_sent = fs::exists(path_of(id) / "packed", error);
    return draft;
}

Outcome<std::vector<Draft>> DraftStore::list() const {
    std::vector<Draft> drafts;
    std::error_code error;
    for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
        const auto id = entry->path().filename().string();
        auto draft = is_id(id) ? load(id) : Outcome<Draft>(local_failure({}));
        if (draft) {
            drafts.push_back(*std::move(draft));
        }
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        return local_failure(folder_.string() + ": " + words_of(error));
    }
    std::sort(drafts.begin(), drafts.end(), [](const Draft& a, const Draft& b) {
        return std::tie(a.saved_at, a.id) < std::tie(b.saved_at, b.id);
    });
    return drafts;
}

Outcome<File> DraftStore::lock(const std::string& id) const {
    auto file = try_lock(path_of(id) / "lock");
    if (!file) {
        return file.error();
    }
    if (!*file) {
        return local_failure(
            words("another relay-client is busy with draft {0}", "別の relay-client が下書き {0} を使っています", {id})
        );
    }
    return **std::move(file);
}

Outcome<void> DraftStore::remove(const std::string& id) const {
    const auto away = folder_ / (".gone-" + id);
    if (auto moved = move_without_replacing(path_of(id), away); !moved) {
        return moved;
    }
    return remove_tree(away);
}

Outcome<void>
DraftStore::keep_packed(const std::string& id, const PackedBundle& bundle, const DraftSender& sender) const {
    const auto work = path_of(id) / ".packing";
    auto kept = remove_tree(work);
    if (kept) {
        kept = copy_all({bundle.payload}, work);
    }
    if (kept) {
        kept = write_durably(work / "manifest.json", protocol::write_manifest(bundle.manifest));
    }
    if (kept) {
        kept = write_durably(work / "manifest.cms", protocol::as_text(bundle.signed_manifest));
    }
    if (kept) {
        const Json json{{"url", sender.url}, {"user", sender.user}};
        kept = write_durably(work / sender_name, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    }
    return kept ? move_without_replacing(work, path_of(id) / "packed") : kept;
}

Outcome<std::optional<PackedBundle>> DraftStore::load_packed(const std::string& id, const DraftSender& sender) const {
    const auto folder = path_of(id) / "packed";
    std::error_code error;
    if (!fs::exists(folder, error)) {
        return std::optional<PackedBundle>();
    }
    if (auto checked = check_sender(id, folder, sender); !checked) {
        return checked.error();
    }
    const auto text = read_whole(folder / "manifest.json", most_word);
    const auto word = read_whole(folder / "manifest.cms", most_word);
    if (!text || !word) {
        return !text ? text.error() : word.error();
    }
    constexpr std::int64_t any_size = std::int64_t{1} << 50;
    auto manifest = protocol::read_manifest(protocol::as_bytes(*text), {any_size, any_size});
    if (!manifest) {
        return from_error(manifest.error());
    }
    PackedBundle bundle;
    bundle.payload = folder / manifest->bundle_id.str();
    bundle.manifest = *std::move(manifest);
    const auto bytes = protocol::as_bytes(*word);
    bundle.signed_manifest.assign(bytes.begin(), bytes.end());
    return std::optional(std::move(bundle));
}

Outcome<void> DraftStore::drop_packed(const std::string& id) const {
    return remove_tree(path_of(id) / "packed");
}

} // namespace relay::client
