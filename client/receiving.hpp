// One download, from the claim to the receipt, so that a crash at any point costs nothing (protocol.md §6, §7).
#pragma once

#include "client/claim_store.hpp"
#include "client/crypto/certificates.hpp"
#include "client/crypto/envelope.hpp"
#include "client/failure.hpp"
#include "client/progress.hpp"
#include "client/session.hpp"
#include "client/verified_manifest.hpp"
#include "protocol/ids.hpp"

#include <string>
#include <utility>
#include <vector>

namespace relay::client {

struct Received {
    fs::path folder;
    VerifiedManifest verified;
    std::string message; ///< the cover letter, may be empty
};

class Download {
public:
    /// `identity` signs the receipts; one of `keys` opens the payload.
    Download(
        Session& session, const Identity& identity, Keys keys, const TrustAnchors& anchors, const ClaimStore& claims
    )
        : session_(session),
          identity_(identity),
          keys_(std::move(keys)),
          anchors_(anchors),
          claims_(claims) {}

    /// Verifies the sender, claims, downloads, decrypts, unpacks into DIR/BUNDLE_ID/ and sends the receipt. What cannot
    /// be used is refused by a receipt "rejected" and is a content_failure. What this computer is to blame for (a full
    /// disk, a sender that it does not trust) is told, and nothing is claimed or the claim is kept. So is a claim that
    /// this office or this relay knows nothing of.
    [[nodiscard]] Outcome<Received> run(const protocol::BundleId& bundle_id);
    /// What --all goes on with: begun with this relay for this office, or nobody knows by whom.
    [[nodiscard]] bool is_ours(const protocol::BundleId& bundle_id) const;

private:
    struct Claimed {
        std::string signed_manifest;
        std::string payload; ///< base64; empty: to be read in chunks
    };

    [[nodiscard]] ClaimOwner owner() const;
    [[nodiscard]] Outcome<VerifiedManifest> look_first(const protocol::BundleId& bundle_id);
    [[nodiscard]] Failure not_known_here(const protocol::BundleId& bundle_id, const Failure& failure) const;
    [[nodiscard]] Outcome<ClaimRecord> begin(const protocol::BundleId& bundle_id);
    [[nodiscard]] Outcome<Claimed> claim(const protocol::BundleId& bundle_id, const ClaimRecord& record);
    [[nodiscard]] Outcome<Claimed> claim_or_go_on(const VerifiedManifest& verified, ClaimRecord& record, bool resumed);
    [[nodiscard]] Outcome<Received> receive(const VerifiedManifest& verified, ClaimRecord& record, bool resumed);
    [[nodiscard]] Outcome<void>
    store(const VerifiedManifest& verified, const ClaimRecord& record, const Claimed& claimed);
    [[nodiscard]] Outcome<Received> finish(const VerifiedManifest& verified, ClaimRecord& record);
    [[nodiscard]] Failure reject(const VerifiedManifest& verified, ClaimRecord& record, const Failure& why);

    // receiving_payload.cpp
    [[nodiscard]] Outcome<void>
    fetch_payload(const VerifiedManifest& verified, const ClaimRecord& record, const std::string& inline_payload);
    /// Several at once. `file` null: they are only read.
    [[nodiscard]] Outcome<void> fetch_chunks(
        const protocol::Manifest& manifest,
        const ClaimRecord& record,
        const std::vector<std::size_t>& numbers,
        File* file,
        Progress& progress
    );
    [[nodiscard]] Outcome<void> unpack(const protocol::Manifest& manifest);
    [[nodiscard]] Outcome<std::string> read_message(const protocol::Manifest& manifest) const;

    // receiving_receipt.cpp
    [[nodiscard]] Outcome<void> send_receipt(const protocol::Manifest& manifest, ClaimRecord& record);
    [[nodiscard]] Outcome<void> post_receipt(const protocol::BundleId& bundle_id, const ClaimRecord& record);
    [[nodiscard]] Outcome<void> renew_claim(const protocol::Manifest& manifest, ClaimRecord& record, bool lapsed);

    Session& session_;
    const Identity& identity_;
    Keys keys_;
    const TrustAnchors& anchors_;
    const ClaimStore& claims_;
};

} // namespace relay::client
