#include "server/mailbox/manifest_rules.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace relay;
using namespace relay::server::mailbox;
using protocol::ErrorCode;
using protocol::OfficeNumber;

namespace {

const auto sender = *OfficeNumber::parse("2670100011");
const auto recipient = *OfficeNumber::parse("2670100029");
const auto now = *protocol::parse_rfc3339("2026-11-20T09:15:00+09:00");

/// What the accounts would say: nothing here needs a database, only their answers.
class SaidDirectory final : public Directory {
public:
    RecipientState says = RecipientState::accepting;

    bool may_sign(const protocol::UserId&, const protocol::cms::SignedContent&, protocol::Time) const override {
        return true;
    }
    RecipientState recipient(const OfficeNumber&, protocol::Time) const override { return says; }
    bool opens_for(const OfficeNumber&, const protocol::cms::RecipientName&, protocol::Time) const override {
        return true;
    }
    Awaitable<void> refresh() override { co_return; }
};

protocol::Manifest good_manifest() {
    protocol::Manifest manifest;
    manifest.sender = sender;
    manifest.recipient = recipient;
    manifest.created_at = now;
    protocol::ManifestFile file;
    file.name = "memo.pdf";
    manifest.files.push_back(file);
    manifest.payload_size = 3;
    manifest.chunk_size = 3;
    manifest.chunks.push_back(protocol::Digest::of("abc"));
    return manifest;
}

std::vector<std::string> codes_of(const protocol::Error& error) {
    std::vector<std::string> codes;
    for (const auto& finding : error.findings) {
        codes.push_back(finding.code + " " + finding.pointer);
    }
    return codes;
}

} // namespace

TEST_CASE("a manifest that keeps every rule is not refused", "[mailbox]") {
    CHECK_FALSE(check_rules(good_manifest(), std::nullopt, sender, SaidDirectory(), {}, now));
}

// covers: §4 stage 6
TEST_CASE("all broken rules are told at once, and the code is the first in the contract's order", "[mailbox]") {
    auto manifest = good_manifest();
    manifest.created_at = now - std::chrono::hours(25);
    manifest.files[0].name = "virus.exe";
    SaidDirectory directory;
    directory.says = RecipientState::not_accepting;
    const auto refused = check_rules(manifest, std::nullopt, *OfficeNumber::parse("2670100037"), directory, {}, now);
    REQUIRE(refused);
    CHECK(refused->code == ErrorCode::sender_mismatch);
    CHECK(
        codes_of(*refused) ==
        std::vector<std::string>{
            "sender_mismatch /sender",
            "recipient_not_accepting /recipient",
            "clock_skew /created_at",
            "file_type_not_allowed /files/0/name"}
    );
}

TEST_CASE("a manifest that names one office as both is sent to itself, whoever sends it", "[mailbox]") {
    auto manifest = good_manifest();
    manifest.sender = recipient;
    const auto refused = check_rules(manifest, std::nullopt, sender, SaidDirectory(), {}, now);
    REQUIRE(refused);
    CHECK(refused->code == ErrorCode::sender_mismatch);
    CHECK(codes_of(*refused) == std::vector<std::string>{"sender_mismatch /sender", "sent_to_self /recipient"});
}

TEST_CASE("created_at may be a day off, and not more", "[mailbox]") {
    auto manifest = good_manifest();
    manifest.created_at = now + std::chrono::hours(24);
    CHECK_FALSE(check_rules(manifest, std::nullopt, sender, SaidDirectory(), {}, now));
    manifest.created_at = now + std::chrono::hours(24) + std::chrono::milliseconds(1);
    const auto refused = check_rules(manifest, std::nullopt, sender, SaidDirectory(), {}, now);
    REQUIRE(refused);
    CHECK(refused->code == ErrorCode::clock_skew);
}

TEST_CASE("a payload that was damaged on the way is told as that, and its head is not judged", "[mailbox]") {
    const protocol::Bytes damaged{'a', 'b', 'x'};
    const auto refused = check_rules(good_manifest(), damaged, sender, SaidDirectory(), {}, now);
    REQUIRE(refused);
    CHECK(codes_of(*refused) == std::vector<std::string>{"chunk_digest_mismatch /payload/chunks/0"});
}

TEST_CASE("a payload that is no CMS is not encrypted for the recipient", "[mailbox]") {
    const protocol::Bytes plain{'a', 'b', 'c'};
    const auto refused = check_rules(good_manifest(), plain, sender, SaidDirectory(), {}, now);
    REQUIRE(refused);
    CHECK(refused->code == ErrorCode::not_encrypted_for_recipient);
}
