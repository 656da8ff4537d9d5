#include "server/mailbox/receiving.hpp"

#include "protocol/receipt.hpp"
#include "server/mailbox/signed_word.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace relay::server::mailbox {

namespace asio = boost::asio;
using protocol::ErrorCode;
using protocol::Result;

namespace {

/// How long, and how often, a receipt waits for coverage that other connections or servers are about to store.
constexpr auto coverage_wait = std::chrono::seconds(2);
constexpr auto coverage_pause = std::chrono::milliseconds(100);

storage::ReceiptItem make_item(const Party& party, protocol::Time now, const protocol::Receipt& receipt) {
    storage::ReceiptItem item;
    item.attempt = new_attempt(party, now);
    item.sent_event_id = new_attempt(party, now).event_id;
    item.bundle_id = receipt.bundle_id;
    item.claim_id = receipt.claim_id;
    item.recipient = party.office;
    item.outcome = receipt.outcome;
    item.reason = receipt.reason;
    item.manifest_sha256 = receipt.manifest_sha256;
    return item;
}

} // namespace

Receiving::Receiving(Parts parts, ReceivingSettings settings) : parts_(std::move(parts)), settings_(settings) {
}

Awaitable<Result<Claimed>>
Receiving::claim(Party party, protocol::BundleId bundle_id, protocol::ClaimId claim_id, bool with_payload) {
    storage::ClaimItem item;
    item.attempt = new_attempt(party, parts_.clock());
    item.bundle_id = bundle_id;
    item.claim_id = claim_id;
    item.recipient = party.office;
    item.inline_limit = with_payload ? settings_.inline_payload : 0;
    auto outcome = co_await parts_.bundles.claim(std::move(item));
    if (!outcome) {
        co_return outcome.error();
    }
    Claimed claimed;
    claimed.claim_id = claim_id;
    claimed.payload = std::move(outcome->payload);
    claimed.bundle = std::move(outcome->bundle);
    // An inline payload is whole on its way with this very answer.
    const bool every_byte = claimed.bundle.every_byte_sent || claimed.payload;
    const auto last_call = claimed.bundle.last_call_at.value_or(parts_.clock());
    claimed.expires_at = last_call + (every_byte ? settings_.sent_lapse : settings_.partial_lapse);
    co_return claimed;
}

void Receiving::payload_sent(const Party& party, const storage::BundleRecord& bundle, protocol::ClaimId claim_id) {
    parts_.coverage.add(party, bundle.bundle_id, claim_id, {0, bundle.payload_size}, true);
}

Awaitable<Result<void>> Receiving::keep_alive(Party party, protocol::BundleId bundle_id, protocol::ClaimId claim_id) {
    storage::CoverageItem item;
    item.attempt = new_attempt(party, parts_.clock());
    item.bundle_id = bundle_id;
    item.claim_id = claim_id;
    auto kept = co_await parts_.bundles.cover(std::move(item));
    co_return kept;
}

Awaitable<Result<std::unique_ptr<ChunkDownload>>>
Receiving::open_chunk(Party party, protocol::BundleId bundle_id, int n, protocol::ClaimId claim_id) {
    // The claim is kept before it is looked at: one that is good then does not lapse under what follows.
    const auto kept = co_await keep_alive(party, bundle_id, claim_id);
    if (!kept) {
        co_return kept.error();
    }
    auto source = co_await parts_.bundles.locate_chunk(bundle_id, n, claim_id, party.office);
    if (!source) {
        co_return source.error();
    }
    const ChunkDownload::Parts parts{parts_.payloads, parts_.coverage, parts_.clock, parts_.on_fault};
    co_return std::make_unique<ChunkDownload>(parts, std::move(party), bundle_id, n, claim_id, std::move(*source));
}

Awaitable<Result<storage::BundleRecord>>
Receiving::receive_receipt(Party party, protocol::BundleId bundle_id, protocol::Bytes signed_receipt) {
    auto word = co_await verify_word(parts_.verifier, signed_receipt, party, parts_.directory, parts_.clock());
    if (!word) {
        co_return word.error();
    }
    const auto receipt = protocol::read_receipt(word->content, bundle_id);
    if (!receipt) {
        co_return receipt.error();
    }
    const auto receipt_sha256 = protocol::Digest::of(signed_receipt);
    const auto give_up = std::chrono::steady_clock::now() + coverage_wait;
    asio::steady_timer pause(co_await asio::this_coro::executor);
    while (true) {
        auto item = make_item(party, parts_.clock(), *receipt);
        item.signed_receipt = signed_receipt;
        item.receipt_sha256 = receipt_sha256;
        item.ranges = parts_.coverage.take(bundle_id, receipt->claim_id);
        const auto ranges = item.ranges;
        auto kept = co_await parts_.bundles.receive_receipt(std::move(item));
        if (!kept && (kept.error().code == ErrorCode::unavailable || kept.error().code == ErrorCode::internal)) {
            for (const auto& range : ranges) { // what was taken is not stored with the receipt
                parts_.coverage.add(party, bundle_id, receipt->claim_id, range, false);
            }
        }
        const bool may_come = !kept && kept.error().code == ErrorCode::not_sent_yet;
        if (!may_come || std::chrono::steady_clock::now() >= give_up) {
            co_return kept;
        }
        pause.expires_after(coverage_pause);
        co_await pause.async_wait(use_relay_awaitable);
    }
}

} // namespace relay::server::mailbox
