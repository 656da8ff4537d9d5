#include "protocol/receipt.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

using namespace relay::protocol;
using nlohmann::json;

namespace {

using All = std::vector<std::string>;

json stored() {
    return {
        {"version", 1},
        {"bundle_id", "0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10"},
        {"claim_id", "0193493a-7d2e-4c3b-a1f2-5d0c6e8b9a11"},
        {"outcome", "stored"},
        {"manifest_sha256", std::string(64, 'd')},
        {"at", "2026-11-20T10:00:00+09:00"},
    };
}

Result<Receipt> read(const json& receipt) {
    const std::string text = receipt.dump();
    return read_receipt(as_bytes(text));
}

All findings_after(const std::string& name, const json& value) {
    json receipt = stored();
    receipt[name] = value;
    const auto result = read(receipt);
    REQUIRE(result.has_error());
    CHECK(result.error().code == ErrorCode::bad_receipt);
    All out;
    for (const Finding& finding : result.error().findings) {
        out.push_back(finding.pointer + " " + finding.code);
    }
    return out;
}

} // namespace

TEST_CASE("Good receipts are read and written back the same", "[protocol]") {
    const auto receipt = read(stored());
    REQUIRE(receipt.has_value());
    CHECK(receipt->outcome == Outcome::stored);
    CHECK(to_rfc3339(receipt->at) == "2026-11-20T01:00:00.000Z");
    json refused = stored();
    const std::string same = write_receipt(*receipt);
    CHECK(write_receipt(*read_receipt(as_bytes(same))) == same);
    CHECK(same.find("reason") == std::string::npos);
    refused["outcome"] = "rejected";
    refused["reason"] = "復号できません\n";
    const auto rejected = read(refused);
    REQUIRE(rejected.has_value());
    CHECK(rejected->reason == "復号できません\n");
    const std::string text = write_receipt(*rejected);
    const auto again = read_receipt(as_bytes(text));
    REQUIRE(again.has_value());
    CHECK(write_receipt(*again) == text);
}

TEST_CASE("Each member of a receipt has its form", "[protocol]") {
    CHECK(findings_after("version", 0) == All{"/version out_of_range"});
    CHECK(findings_after("bundle_id", "x") == All{"/bundle_id bad_format"});
    CHECK(findings_after("claim_id", 1) == All{"/claim_id wrong_type"});
    CHECK(findings_after("outcome", "lost") == All{"/outcome bad_format"});
    CHECK(findings_after("manifest_sha256", "d") == All{"/manifest_sha256 bad_format"});
    CHECK(findings_after("at", "yesterday") == All{"/at bad_format"});
    CHECK(findings_after("more", 1) == All{"/more unknown_member"});
    CHECK(findings_after("reason", "why") == All{"/reason inconsistent"});
    CHECK(findings_after("outcome", "rejected") == All{"/reason missing"});
}

TEST_CASE("A receipt for another bundle is told with all that is wrong beside it", "[protocol]") {
    json receipt = stored();
    receipt["outcome"] = "lost";
    const std::string text = receipt.dump();
    const auto refused = read_receipt(as_bytes(text), BundleId::parse("0193493a-7d2e-7c3b-a1f2-000000000000"));
    REQUIRE_FALSE(refused.has_value());
    All found;
    for (const auto& finding : refused.error().findings) {
        found.push_back(finding.pointer + " " + finding.code);
    }
    CHECK(found == All{"/bundle_id inconsistent", "/outcome bad_format"});
}

TEST_CASE("A reason has 1 to 500 characters, not bytes", "[protocol]") {
    json receipt = stored();
    receipt["outcome"] = "rejected";
    std::string reason;
    for (int i = 0; i < 500; ++i) {
        reason += "護";
    }
    receipt["reason"] = reason;
    CHECK(read(receipt).has_value());
    receipt["reason"] = reason + "!";
    CHECK(read(receipt).error().findings.at(0).code == "out_of_range");
    receipt["reason"] = "";
    CHECK(read(receipt).error().findings.at(0).code == "out_of_range");
    receipt["reason"] = std::string("a\0b", 3);
    CHECK(read(receipt).error().findings.at(0).code == "bad_format");
}

TEST_CASE("What is no receipt is a bad receipt", "[protocol]") {
    CHECK(read_receipt({}).error().code == ErrorCode::bad_receipt);
    CHECK(read_receipt(Bytes(65 * 1024, ' ')).error().code == ErrorCode::bad_receipt);
}
