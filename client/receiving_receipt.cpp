// The part of a download that gives the recipient's signed word.
#include "client/receiving.hpp"
#include "client/words.hpp"

#include "protocol/cms/signed_data.hpp"

#include <chrono>
#include <numeric>

namespace relay::client {
namespace {

/// At most 500 characters; counted as bytes, cut at a character's beginning.
std::string shorten(std::string text) {
    constexpr std::size_t most = 500;
    if (text.size() > most) {
        std::size_t end = most;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
            --end;
        }
        text.resize(end);
    }
    return text;
}

} // namespace

Outcome<void> Download::post_receipt(const protocol::BundleId& bundle_id, const ClaimRecord& record) {
    protocol::Receipt receipt;
    receipt.bundle_id = bundle_id;
    receipt.claim_id = record.claim_id;
    receipt.outcome = *record.outcome;
    receipt.manifest_sha256 = *record.manifest_sha256;
    receipt.at = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    if (receipt.outcome == protocol::Outcome::rejected) {
        receipt.reason = shorten(record.reason);
    }
    const auto text = protocol::write_receipt(receipt);
    const auto signed_receipt =
        protocol::cms::sign(protocol::as_bytes(text), identity_.certificate_pem, identity_.key_pem);
    if (!signed_receipt) {
        return local_failure(
            words("the receipt cannot be signed: {0}", "受領に署名できません: {0}", {signed_receipt.error().cause})
        );
    }
    const Json body{{"signed_receipt", protocol::to_base64(*signed_receipt)}};
    const auto reply = session_.call("POST", "/v1/inbox/" + bundle_id.str() + "/receipt", body);
    if (!reply) {
        return reply.error();
    }
    return {};
}

Outcome<void> Download::send_receipt(const protocol::Manifest& manifest, ClaimRecord& record) {
    auto posted = post_receipt(manifest.bundle_id, record);
    const bool unsent = !posted && posted.error().code == "not_sent_yet";
    const bool lapsed = !posted && posted.error().code == "not_claimed";
    if (!unsent && !lapsed) {
        return posted;
    }
    // The files are here, but the relay does not know that every byte of them arrived under this claim.
    if (auto renewed = renew_claim(manifest, record, lapsed); !renewed) {
        return renewed;
    }
    return post_receipt(manifest.bundle_id, record);
}

Outcome<void> Download::renew_claim(const protocol::Manifest& manifest, ClaimRecord& record, bool lapsed) {
    if (lapsed) {
        record.claim_id = {protocol::random_uuid()};
        if (auto saved = claims_.save(manifest.bundle_id, record); !saved) {
            return saved;
        }
    }
    const auto claimed = claim(manifest.bundle_id, record);
    if (!claimed) {
        return claimed.error();
    }
    if (!claimed->payload.empty()) {
        return {};
    }
    std::vector<std::size_t> all(manifest.chunks.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    Progress progress("receiving", static_cast<std::uint64_t>(manifest.payload_size));
    return fetch_chunks(manifest, record, all, nullptr, progress);
}

} // namespace relay::client
