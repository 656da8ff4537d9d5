#include "client/claim_store.hpp"

#include "client/words.hpp"

#include <system_error>

namespace relay::client {
namespace {

constexpr std::size_t most_record_bytes = 64 * 1024;

std::optional<ClaimRecord> read_record(const std::string& text) {
    const auto json = Json::parse(text, nullptr, false);
    const auto claim_id = protocol::ClaimId::parse(text_at(json, "claim_id"));
    if (!claim_id) {
        return std::nullopt;
    }
    ClaimRecord record;
    record.claim_id = *claim_id;
    record.owner = {text_at(json, "url"), text_at(json, "office")};
    record.manifest_sha256 = protocol::Digest::from_hex(text_at(json, "manifest_sha256"));
    record.reason = text_at(json, "reason");
    const auto outcome = text_at(json, "outcome");
    for (const auto known : {protocol::Outcome::stored, protocol::Outcome::rejected}) {
        if (outcome == protocol::to_string(known) && record.manifest_sha256) {
            record.outcome = known;
        }
    }
    return record;
}

} // namespace

Outcome<void> ClaimStore::prepare() const {
    return make_folder(folder_);
}

Outcome<File> ClaimStore::lock(const protocol::BundleId& bundle_id) const {
    auto file = try_lock(folder_ / (bundle_id.str() + ".lock"));
    if (!file) {
        return file.error();
    }
    if (!*file) {
        return local_failure(words(
            "another relay-client is downloading bundle {0} into this folder",
            "別の relay-client が {0} をこのフォルダーへ取得しています",
            {bundle_id.str()}
        ));
    }
    return **std::move(file);
}

Outcome<std::optional<ClaimRecord>> ClaimStore::load(const protocol::BundleId& bundle_id) const {
    const auto path = record_file(bundle_id);
    std::error_code error;
    if (!fs::exists(path, error)) {
        return std::optional<ClaimRecord>();
    }
    const auto text = read_whole(path, most_record_bytes);
    if (!text) {
        return text.error();
    }
    auto record = read_record(*text);
    if (!record) {
        return local_failure(
            path.string() + words(": not readable as the record of a claim", ": 取得の記録として読めません")
        );
    }
    return record;
}

Outcome<void> ClaimStore::save(const protocol::BundleId& bundle_id, const ClaimRecord& record) const {
    Json json{{"claim_id", record.claim_id.str()}, {"url", record.owner.url}, {"office", record.owner.office}};
    if (record.outcome && record.manifest_sha256) {
        json["outcome"] = protocol::to_string(*record.outcome);
        json["manifest_sha256"] = record.manifest_sha256->hex();
    }
    if (!record.reason.empty()) {
        json["reason"] = record.reason;
    }
    return write_durably(record_file(bundle_id), json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Outcome<void> ClaimStore::remove(const protocol::BundleId& bundle_id) const {
    std::error_code error;
    fs::remove_all(work_folder(bundle_id), error);
    if (!error) {
        fs::remove(record_file(bundle_id), error);
    }
    std::error_code ignored;
    fs::remove(folder_ / (bundle_id.str() + ".lock"), ignored);
    if (error) {
        return local_failure(work_folder(bundle_id).string() + ": " + words_of(error));
    }
    return {};
}

Outcome<void> ClaimStore::renew_work(const protocol::BundleId& bundle_id) const {
    const auto folder = work_folder(bundle_id);
    std::error_code error;
    fs::remove_all(folder, error);
    if (error) {
        return local_failure(folder.string() + ": " + words_of(error));
    }
    return make_folder(folder);
}

std::vector<protocol::BundleId> ClaimStore::unfinished() const {
    std::vector<protocol::BundleId> found;
    std::error_code error;
    for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
        if (const auto id = protocol::BundleId::parse(entry->path().filename().string())) {
            found.push_back(*id);
        }
    }
    return found;
}

} // namespace relay::client
