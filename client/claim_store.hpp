// What a download needs to go on after a crash, kept beside the downloads: DIR/.relay-claims/BUNDLE_ID, and a work
// folder BUNDLE_ID.work for what is not finished. Everything is on disk before it is relied on.
#pragma once

#include "client/failure.hpp"
#include "client/files.hpp"
#include "protocol/ids.hpp"
#include "protocol/receipt.hpp"

#include <optional>
#include <string>
#include <vector>

namespace relay::client {

/// Whose downloads these are: other offices and relays may share the folder.
struct ClaimOwner {
    std::string url;
    std::string office;
};

struct ClaimRecord {
    ClaimOwner owner; ///< empty in a record of an older version
    protocol::ClaimId claim_id;
    std::optional<protocol::Digest> manifest_sha256; ///< once there is an outcome
    std::optional<protocol::Outcome> outcome;        ///< what the receipt says
    std::string reason;                              ///< of "rejected"
};

/// The claims of one download folder. Other processes may work in the same folder on other bundles; `lock` keeps two
/// of them from the same one.
class ClaimStore {
public:
    explicit ClaimStore(fs::path downloads) : downloads_(std::move(downloads)), folder_(downloads_ / ".relay-claims") {}

    [[nodiscard]] Outcome<void> prepare() const;
    /// Held until the returned file closes. Failure when another process has it.
    [[nodiscard]] Outcome<File> lock(const protocol::BundleId& bundle_id) const;
    /// Nothing when there is no record.
    [[nodiscard]] Outcome<std::optional<ClaimRecord>> load(const protocol::BundleId& bundle_id) const;
    [[nodiscard]] Outcome<void> save(const protocol::BundleId& bundle_id, const ClaimRecord& record) const;
    /// Forgets the record and its unfinished work.
    [[nodiscard]] Outcome<void> remove(const protocol::BundleId& bundle_id) const;
    /// Empties the work folder: what was downloaded under a claim that has lapsed.
    [[nodiscard]] Outcome<void> renew_work(const protocol::BundleId& bundle_id) const;
    /// Bundles whose download was begun and not ended, by whomever.
    [[nodiscard]] std::vector<protocol::BundleId> unfinished() const;
    [[nodiscard]] fs::path record_file(const protocol::BundleId& id) const { return folder_ / id.str(); }

    [[nodiscard]] fs::path work_folder(const protocol::BundleId& id) const { return folder_ / (id.str() + ".work"); }
    /// Where the files end up.
    [[nodiscard]] fs::path final_folder(const protocol::BundleId& id) const { return downloads_ / id.str(); }

private:
    fs::path downloads_;
    fs::path folder_;
};

} // namespace relay::client
