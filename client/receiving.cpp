#include "client/receiving.hpp"

#include "client/archive.hpp"
#include "client/words.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

namespace relay::client {
namespace {

/// The download cannot go on under this or any other claim of ours. "not_found" does not say so: another relay, and
/// this one to another office, answer that to everything.
bool is_over(const Failure& failure) {
    constexpr std::array<std::string_view, 5> codes{
        "claimed_elsewhere", "already_fetched", "withdrawn", "expired", "not_claimed"};
    return std::find(codes.begin(), codes.end(), failure.code) != codes.end();
}

/// Whether the folder holds every file of the manifest, unchanged.
bool holds_all(const fs::path& folder, const protocol::Manifest& manifest) {
    return std::all_of(manifest.files.begin(), manifest.files.end(), [&](const auto& file) {
        const auto measured = measure(folder / file.name);
        return measured && measured->sha256 == file.sha256;
    });
}

} // namespace

Outcome<Received> Download::run(const protocol::BundleId& bundle_id) {
    if (auto prepared = claims_.prepare(); !prepared) {
        return prepared.error();
    }
    const auto lock = claims_.lock(bundle_id);
    if (!lock) {
        return lock.error();
    }
    auto record = claims_.load(bundle_id);
    if (!record) {
        return record.error();
    }
    const bool resumed = record->has_value();
    if (resumed && !(*record)->owner.office.empty() && (*record)->owner.office != session_.office().view()) {
        return local_failure(words(
            "its download into this folder was begun by office {0}: fetch it with that office's settings",
            "このフォルダーへの取得は事業所 {0} が始めています。その事業所の設定で取得してください",
            {(*record)->owner.office}
        ));
    }
    auto received = [&]() -> Outcome<Received> {
        const auto verified = look_first(bundle_id);
        if (!verified) {
            return verified.error();
        }
        if (!resumed) {
            auto begun = begin(bundle_id);
            if (!begun) {
                return begun.error();
            }
            *record = *begun;
        }
        (*record)->owner = owner(); // of an older version's record, or when the relay has moved
        return receive(*verified, **record, resumed);
    }();
    const bool unknown = !received && received.error().code == "not_found";
    if (unknown && resumed) {
        return not_known_here(bundle_id, received.error());
    }
    if (!received && (is_over(received.error()) || unknown || !*record)) {
        (void)claims_.remove(bundle_id); // the failure itself matters more
    }
    return received;
}

ClaimOwner Download::owner() const {
    auto url = session_.settings().url;
    while (url.ends_with('/')) {
        url.pop_back();
    }
    return {url, session_.office().str()};
}

bool Download::is_ours(const protocol::BundleId& bundle_id) const {
    const auto record = claims_.load(bundle_id);
    if (!record || !*record || (**record).owner.office.empty()) {
        return true; // run() tells what is wrong with it
    }
    const auto here = owner();
    return (**record).owner.office == here.office && (**record).owner.url == here.url;
}

Failure Download::not_known_here(const protocol::BundleId& bundle_id, const Failure& failure) const {
    auto told = failure;
    told.text += words(
        " Its download was begun in this folder, perhaps with the settings of another relay or office: fetch it with "
        "those. What was downloaded is kept; its record is {0}",
        " このフォルダーで取得の途中のデータです。別のサーバか事業所の設定で始めたものであれば、"
        "その設定で取得してください。取得した分は残してあります（記録: {0}）",
        {claims_.record_file(bundle_id).string()}
    );
    return told;
}

Outcome<VerifiedManifest> Download::look_first(const protocol::BundleId& bundle_id) {
    const auto reply = session_.call("GET", "/v1/inbox/" + bundle_id.str());
    if (!reply) {
        return reply.error();
    }
    return verify_manifest(text_at(reply->body, "signed_manifest"), bundle_id, session_.office(), anchors_);
}

Outcome<ClaimRecord> Download::begin(const protocol::BundleId& bundle_id) {
    std::error_code error;
    const auto folder = claims_.final_folder(bundle_id);
    if (fs::exists(folder, error) || error) {
        return local_failure(words(
            "{0} is there already; nothing was downloaded",
            "{0} がすでにあるため、取得しませんでした",
            {folder.string()}
        ));
    }
    if (auto renewed = claims_.renew_work(bundle_id); !renewed) {
        return renewed.error();
    }
    ClaimRecord record;
    record.owner = owner();
    record.claim_id = {protocol::random_uuid()};
    if (auto saved = claims_.save(bundle_id, record); !saved) {
        return saved.error();
    }
    return record;
}

Outcome<Download::Claimed> Download::claim(const protocol::BundleId& bundle_id, const ClaimRecord& record) {
    const Json body{{"claim_id", record.claim_id.str()}};
    const auto reply = session_.call("POST", "/v1/inbox/" + bundle_id.str() + "/claim", body);
    if (!reply) {
        return reply.error();
    }
    Claimed claimed;
    claimed.signed_manifest = text_at(reply->body, "signed_manifest");
    claimed.payload = text_at(reply->body, "payload");
    return claimed;
}

Outcome<Download::Claimed>
Download::claim_or_go_on(const VerifiedManifest& verified, ClaimRecord& record, bool resumed) {
    const auto& bundle_id = verified.manifest.bundle_id;
    auto claimed = claim(bundle_id, record);
    if (claimed || !resumed) {
        return claimed;
    }
    if (claimed.error().code == "already_fetched") {
        // Our claim may have lapsed with every byte here on the disk: then "stored" is still taken (§7.6).
        return Claimed{};
    }
    if (claimed.error().code == "not_claimed") {
        // It lapsed before every byte came. What came under it does not count for the next claim.
        if (auto renewed = claims_.renew_work(bundle_id); !renewed) {
            return renewed.error();
        }
        record.claim_id = {protocol::random_uuid()};
        if (auto saved = claims_.save(bundle_id, record); !saved) {
            return saved.error();
        }
        return claim(bundle_id, record);
    }
    return claimed;
}

Outcome<Received> Download::receive(const VerifiedManifest& verified, ClaimRecord& record, bool resumed) {
    if (!record.outcome) {
        const auto claimed = claim_or_go_on(verified, record, resumed);
        if (!claimed) {
            return claimed.error();
        }
        record.manifest_sha256 = verified.sha256;
        if (auto stored = store(verified, record, *claimed); !stored) {
            const bool unusable = stored.error().code == unusable_content;
            return unusable ? reject(verified, record, stored.error()) : stored.error();
        }
        record.outcome = protocol::Outcome::stored;
        if (auto saved = claims_.save(verified.manifest.bundle_id, record); !saved) {
            return saved.error();
        }
    }
    return finish(verified, record);
}

Outcome<void> Download::store(const VerifiedManifest& verified, const ClaimRecord& record, const Claimed& claimed) {
    const auto& manifest = verified.manifest;
    const auto folder = claims_.final_folder(manifest.bundle_id);
    std::error_code error;
    if (fs::exists(folder, error)) {
        if (holds_all(folder, manifest)) {
            return {}; // a crash came between the files and the record
        }
        return local_failure(words(
            "{0} is there already and holds other files",
            "{0} がすでにあり、別のファイルが入っています",
            {folder.string()}
        ));
    }
    if (!claimed.signed_manifest.empty()) {
        const auto again = verify_manifest(claimed.signed_manifest, manifest.bundle_id, session_.office(), anchors_);
        if (!again || again->sha256 != verified.sha256) {
            return content_failure(words(
                "the manifest given with the claim is not the one that was shown before",
                "取得のときのマニフェストが、一覧で示されたものと違います"
            ));
        }
    }
    if (auto fetched = fetch_payload(verified, record, claimed.payload); !fetched) {
        return fetched;
    }
    if (auto unpacked = unpack(manifest); !unpacked) {
        return unpacked;
    }
    return move_without_replacing(claims_.work_folder(manifest.bundle_id) / "files", folder);
}

Outcome<Received> Download::finish(const VerifiedManifest& verified, ClaimRecord& record) {
    const auto& bundle_id = verified.manifest.bundle_id;
    const bool stored = record.outcome == protocol::Outcome::stored;
    if (auto sent = send_receipt(verified.manifest, record); !sent) {
        auto failure = sent.error();
        if (stored) {
            failure.text = words(
                "The files are in {0}, but the relay did not take the receipt: {1}",
                "ファイルは {0} にありますが、受領を登録できませんでした: {1}",
                {claims_.final_folder(bundle_id).string(), failure.text}
            );
        }
        return failure;
    }
    if (auto removed = claims_.remove(bundle_id); !removed) {
        return removed.error();
    }
    if (!stored) {
        return content_failure(
            words("the bundle was refused: {0}", "このデータは受け取れないものとして登録しました: {0}", {record.reason})
        );
    }
    Received received;
    received.folder = claims_.final_folder(bundle_id);
    received.verified = verified;
    auto message = read_message(verified.manifest);
    received.message = message ? *std::move(message) : "(" + message.error().text + ")";
    return received;
}

Failure Download::reject(const VerifiedManifest& verified, ClaimRecord& record, const Failure& why) {
    record.outcome = protocol::Outcome::rejected;
    record.reason = why.text;
    if (auto saved = claims_.save(verified.manifest.bundle_id, record); !saved) {
        return saved.error();
    }
    return finish(verified, record).error();
}

} // namespace relay::client
