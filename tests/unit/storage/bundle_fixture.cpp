#include "tests/unit/storage/bundle_fixture.hpp"

#include <stdexcept>

namespace relay::test {

using namespace storage::postgres;

namespace {

constexpr const char* sender_user = "KJ000000000001";
constexpr const char* recipient_user = "KJ000000000002";

protocol::Uuid uuid7() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return protocol::time_uuid(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

AcceptItem item_of(std::int64_t payload_size, std::int64_t chunk_size, int chunks) {
    AcceptItem item;
    item.attempt = attempt_of(sender_user);
    item.bundle_id = new_bundle_id();
    item.upload_id = new_upload_id();
    item.sender = sender_office;
    item.recipient = recipient_office;
    item.signed_manifest = payload_of(300);
    item.manifest_sha256 = protocol::Digest::of(item.bundle_id.str());
    item.created_at = Time(std::chrono::milliseconds(1'795'000'000'123));
    item.payload_size = payload_size;
    item.chunk_size = chunk_size;
    item.files_json = R"([{"name":"ケアプラン.csv","size":1}])";
    for (int n = 0; n < chunks; ++n) {
        item.chunk_digests.push_back(protocol::Digest::of(std::to_string(n)));
    }
    return item;
}

} // namespace

EventId new_event_id() {
    return EventId{uuid7()};
}

BundleId new_bundle_id() {
    return BundleId{uuid7()};
}

UploadId new_upload_id() {
    return UploadId{protocol::random_uuid()};
}

ClaimId new_claim_id() {
    return ClaimId{protocol::random_uuid()};
}

Attempt attempt_of(const std::string& user_id) {
    Attempt attempt;
    attempt.event_id = new_event_id();
    attempt.actor.user_id = user_id;
    attempt.actor.certificate_sha256 = protocol::Digest::of(user_id);
    return attempt;
}

Bytes payload_of(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::uint8_t>(i * 7);
    }
    return bytes;
}

AcceptItem whole(std::size_t size) {
    auto item = item_of(static_cast<std::int64_t>(size), static_cast<std::int64_t>(size), 1);
    item.payload = payload_of(size);
    item.cover = payload_of(50);
    return item;
}

AcceptItem reservation(int chunks) {
    return item_of(chunks * 100, 100, chunks);
}

ChunkItem chunk_of(const AcceptItem& upload, int n) {
    ChunkItem item;
    item.attempt = attempt_of(sender_user);
    item.bundle_id = upload.bundle_id;
    item.upload_id = upload.upload_id;
    item.n = n;
    item.size = 100;
    item.sha256 = upload.chunk_digests.at(static_cast<std::size_t>(n));
    item.bytes = payload_of(100);
    return item;
}

ClaimItem claim_of(const AcceptItem& bundle) {
    ClaimItem item;
    item.attempt = attempt_of(recipient_user);
    item.bundle_id = bundle.bundle_id;
    item.claim_id = new_claim_id();
    item.recipient = bundle.recipient;
    item.inline_limit = 262144;
    return item;
}

CoverageItem coverage_of(const ClaimItem& claim, std::vector<SentRange> ranges) {
    CoverageItem item;
    item.attempt = attempt_of(recipient_user);
    item.bundle_id = claim.bundle_id;
    item.claim_id = claim.claim_id;
    item.ranges = std::move(ranges);
    return item;
}

ReceiptItem receipt_of(const AcceptItem& bundle, const ClaimItem& claim, protocol::Outcome outcome) {
    ReceiptItem item;
    item.attempt = attempt_of(recipient_user);
    item.sent_event_id = new_event_id();
    item.bundle_id = bundle.bundle_id;
    item.claim_id = claim.claim_id;
    item.recipient = bundle.recipient;
    item.outcome = outcome;
    if (outcome == protocol::Outcome::rejected) {
        item.reason = "復号できません";
    }
    item.manifest_sha256 = bundle.manifest_sha256;
    item.signed_receipt = payload_of(200);
    item.receipt_sha256 = protocol::Digest::of(item.signed_receipt);
    return item;
}

BundleDatabase::BundleDatabase() : options(database.options(2)) {
    database.sql("INSERT INTO offices (number, name, prefecture, added_at, version) VALUES "
                 "('2670100011', '京都ケアプラン', '26', now(), 1), ('2670100029', '伏見デイ', '26', now(), 1), "
                 "('2670100037', '宇治訪問', '26', now(), 1)");
}

BundleDatabase::Store BundleDatabase::open(PgBundleStore::Limits limits) const {
    Store store;
    auto executor = DbExecutor::start(options);
    if (executor.has_error()) {
        throw std::runtime_error(executor.error().cause);
    }
    store.executor = std::move(*executor);
    auto bundles = PgBundleStore::start(options, *store.executor, limits, nullptr);
    if (bundles.has_error()) {
        throw std::runtime_error(bundles.error().cause);
    }
    store.bundles = std::move(*bundles);
    return store;
}

std::vector<std::string> BundleDatabase::events(BundleId bundle_id) const {
    std::vector<std::string> types;
    for (const auto& row :
         database.sql("SELECT type FROM events WHERE bundle_id = '" + bundle_id.str() + "' ORDER BY position")) {
        types.emplace_back(row[0].c_str());
    }
    return types;
}

std::string BundleDatabase::value(const std::string& sql) const {
    const auto rows = database.sql(sql);
    return rows.empty() ? std::string() : std::string(rows[0][0].c_str());
}

std::string BundleDatabase::state(BundleId bundle_id) const {
    return value("SELECT state FROM bundles WHERE bundle_id = '" + bundle_id.str() + "'");
}

void settle_until(const BundleDatabase::Store& store, const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
        const auto settled = run_coro(store->settle_due(100));
        if (settled.has_error()) {
            throw std::runtime_error(settled.error().cause);
        }
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("it did not come to pass in time");
        }
    }
}

} // namespace relay::test
