#include "protocol/receipt.hpp"

#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/utf8.hpp"

namespace relay::protocol {

namespace {

constexpr std::size_t max_receipt_bytes = 64 * 1024;
constexpr std::size_t max_reason_characters = 500;

std::optional<Outcome> parse_outcome(std::string_view text) noexcept {
    if (text == "stored") {
        return Outcome::stored;
    }
    return text == "rejected" ? std::optional(Outcome::rejected) : std::nullopt;
}

std::optional<std::string> read_reason(JsonNode& root, std::optional<Outcome> outcome) {
    if (outcome == Outcome::stored && root.has("reason")) {
        root.add("reason", "inconsistent");
        return std::nullopt;
    }
    auto reason = outcome == Outcome::rejected ? root.string("reason") : root.optional_string("reason");
    if (reason && (reason->empty() || count_characters(*reason) > max_reason_characters)) {
        root.add("reason", "out_of_range");
    }
    return reason;
}

} // namespace

std::string_view to_string(Outcome outcome) noexcept {
    switch (outcome) {
    case Outcome::stored:
        return "stored";
    case Outcome::rejected:
        return "rejected";
    }
    return "stored";
}

Result<Receipt> read_receipt(BytesView bytes, const std::optional<BundleId>& path_id) {
    if (bytes.size() > max_receipt_bytes) {
        return Error(ErrorCode::bad_receipt, std::vector<Finding>{Finding{"", "out_of_range", {}, {}}});
    }
    auto document = JsonDocument::parse(as_text(bytes), {});
    JsonNode root = document.root();
    Receipt receipt;
    static_cast<void>(root.integer("version", 1, 1));
    const auto bundle_id = root.string_as("bundle_id", BundleId::parse);
    if (bundle_id && path_id && *bundle_id != *path_id) {
        root.add("bundle_id", "inconsistent");
    }
    receipt.bundle_id = bundle_id.value_or(BundleId{});
    receipt.claim_id = root.string_as("claim_id", ClaimId::parse).value_or(ClaimId{});
    const auto outcome = root.string_as("outcome", parse_outcome);
    receipt.outcome = outcome.value_or(Outcome::stored);
    receipt.reason = read_reason(root, outcome);
    receipt.manifest_sha256 = root.string_as("manifest_sha256", Digest::from_hex).value_or(Digest{});
    receipt.at = root.string_as("at", parse_rfc3339).value_or(Time{});
    auto findings = document.finish();
    if (!findings.empty()) {
        return Error(ErrorCode::bad_receipt, std::move(findings));
    }
    return receipt;
}

std::string write_receipt(const Receipt& receipt) {
    std::string out = R"({"version":1)";
    append_json_member(out, "bundle_id", receipt.bundle_id.str());
    append_json_member(out, "claim_id", receipt.claim_id.str());
    append_json_member(out, "outcome", to_string(receipt.outcome));
    if (receipt.reason) {
        append_json_member(out, "reason", *receipt.reason);
    }
    append_json_member(out, "manifest_sha256", receipt.manifest_sha256.hex());
    append_json_member(out, "at", to_rfc3339(receipt.at));
    out += '}';
    return out;
}

} // namespace relay::protocol
