#include "protocol/problem.hpp"

#include "protocol/problem_texts.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <set>

using namespace relay::protocol;
using nlohmann::json;

namespace {

constexpr unsigned code_count = static_cast<unsigned>(ErrorCode::unavailable) + 1;

/// Every code with its status, as the contract lists them. Codes are never renamed.
const std::vector<std::pair<std::string, int>> golden{
    {"malformed_request", 400},
    {"not_signed_in", 401},
    {"session_expired", 401},
    {"wrong_credentials", 401},
    {"wrong_certificate", 401},
    {"certificate_revoked", 401},
    {"agent_user_id", 403},
    {"password_expired", 403},
    {"client_too_old", 403},
    {"licence_required", 403},
    {"role_not_allowed", 403},
    {"not_found", 404},
    {"method_not_allowed", 405},
    {"timeout", 408},
    {"bundle_id_reused", 409},
    {"claimed_elsewhere", 409},
    {"already_claimed", 409},
    {"already_fetched", 410},
    {"already_fetched", 409},
    {"receipt_conflict", 409},
    {"not_sent_yet", 409},
    {"not_claimed", 409},
    {"withdrawn", 410},
    {"expired", 410},
    {"length_required", 411},
    {"too_large", 413},
    {"unsupported_media_type", 415},
    {"range_not_satisfiable", 416},
    {"invalid_manifest", 422},
    {"bad_signature", 422},
    {"signer_not_registered", 422},
    {"sender_mismatch", 422},
    {"unknown_recipient", 422},
    {"sent_to_self", 422},
    {"recipient_not_accepting", 422},
    {"bad_file_name", 422},
    {"bad_file_combination", 422},
    {"file_type_not_allowed", 422},
    {"not_encrypted_for_recipient", 422},
    {"chunk_digest_mismatch", 422},
    {"clock_skew", 422},
    {"bad_receipt", 422},
    {"bad_password", 422},
    {"locked_out", 429},
    {"too_many_requests", 429},
    {"quota_exceeded", 429},
    {"headers_too_large", 431},
    {"internal", 500},
    {"unavailable", 503},
};

bool has_japanese(const std::string& text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) >= 0xe3) {
            return true;
        }
    }
    return false;
}

} // namespace

TEST_CASE("Every code has the status that the contract gives it", "[protocol]") {
    REQUIRE(golden.size() == code_count);
    for (unsigned i = 0; i < code_count; ++i) {
        const auto code = static_cast<ErrorCode>(i);
        CHECK(to_string(code) == golden[i].first);
        CHECK(status_of(code) == golden[i].second);
    }
}

TEST_CASE("Every code is told in Japanese and in English, each in its own words", "[protocol]") {
    std::set<std::string> details;
    for (unsigned i = 0; i < code_count; ++i) {
        const auto code = static_cast<ErrorCode>(i);
        const auto ja = json::parse(problem_json(Error(code), Language::ja, "r"));
        const auto en = json::parse(problem_json(Error(code), Language::en, "r"));
        CAPTURE(ja.dump(), en.dump());
        CHECK(has_japanese(ja["title"].get<std::string>()));
        CHECK(has_japanese(ja["detail"].get<std::string>()));
        CHECK_FALSE(has_japanese(en["title"].get<std::string>()));
        CHECK_FALSE(has_japanese(en["detail"].get<std::string>()));
        CHECK(details.insert(ja["detail"].get<std::string>()).second);
        CHECK(details.insert(en["detail"].get<std::string>()).second);
    }
}

TEST_CASE("The OpenAPI page lists every code in its enumeration", "[protocol]") {
    std::ifstream file(RELAY_VECTORS "/../../protocol/openapi.yaml");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const auto from = page.find("enum: [malformed_request,");
    REQUIRE(from != std::string::npos);
    std::string codes = page.substr(from, page.find(']', from) - from) + ",";
    for (const auto& [code, status] : golden) {
        CAPTURE(code, status);
        CHECK((codes.find(" " + code + ",") != std::string::npos || codes.find("[" + code + ",") != std::string::npos));
    }
}

TEST_CASE("A problem has its members in order and never shows the cause", "[protocol]") {
    Error error(ErrorCode::invalid_manifest, "secret of ours");
    error.findings.push_back(Finding{"/files/0/name", "missing", {}, {}});
    error.findings.push_back(Finding{"/files/1/name", "bad_file_name", "独自の説明", "own words"});
    error.findings.push_back(Finding{"/files/2/name", "bad_file_name", {}, {}});
    error.members.emplace_back("minimum_version", "1.2");
    const std::string text = problem_json(error, Language::en, "0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10");
    CHECK(text.find("secret") == std::string::npos);
    const auto body = nlohmann::ordered_json::parse(text);
    std::vector<std::string> names;
    for (const auto& [name, value] : body.items()) {
        names.push_back(name);
    }
    CHECK(
        names ==
        std::vector<std::string>{"type", "title", "status", "code", "detail", "instance", "errors", "minimum_version"}
    );
    CHECK(body["type"] == "urn:careplan-relay:problem:invalid_manifest");
    CHECK(body["status"] == 422);
    CHECK(body["instance"] == "urn:uuid:0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10");
    CHECK(body["minimum_version"] == "1.2");
    CHECK(body["errors"][0]["pointer"] == "/files/0/name");
    CHECK(body["errors"][0]["code"] == "missing");
    CHECK(body["errors"][0]["detail"] == "This member is required.");
    CHECK(body["errors"][1]["detail"] == "own words");
    CHECK(body["errors"][2]["detail"].get<std::string>().find("national standard") != std::string::npos);
    const auto ja = json::parse(problem_json(error, Language::ja, "r"));
    CHECK(ja["errors"][1]["detail"] == "独自の説明");
    CHECK_FALSE(json::parse(problem_json(Error(ErrorCode::expired), Language::ja, "r")).contains("errors"));
}

TEST_CASE("A withdrawal that comes too late is told as already fetched", "[protocol]") {
    const auto body = json::parse(problem_json(Error(ErrorCode::too_late_to_withdraw), Language::en, "r"));
    CHECK(body["code"] == "already_fetched");
    CHECK(body["status"] == 409);
    CHECK(body["type"] == "urn:careplan-relay:problem:already_fetched");
}

TEST_CASE("The language follows Accept-Language, Japanese when nothing else fits", "[protocol]") {
    const std::vector<std::pair<std::string, Language>> rows{
        {"", Language::ja},
        {"ja", Language::ja},
        {"en", Language::en},
        {"EN-us", Language::en},
        {"en-US,en;q=0.9", Language::en},
        {"en-US,ja;q=0.9", Language::en},
        {"ja-JP,en;q=0.9", Language::ja},
        {"ja;q=0.5, en;q=0.8", Language::en},
        {"ja;q=0.8 , en;q=0.5", Language::ja},
        {"ja;q=0.500,en;q=0.501", Language::en},
        {"en,ja", Language::en},
        {"ja,en", Language::ja},
        {"fr", Language::ja},
        {"fr, de;q=0.5", Language::ja},
        {"*", Language::ja},
        {"fr, *;q=0.5", Language::ja},
        {"en;q=0.3, *;q=0.5", Language::ja},
        {"ja;q=0, *", Language::en},
        {"ja;q=0", Language::ja},
        {"en;q=0", Language::ja},
        {"en; q=0.7", Language::en},
        {"en;q=2", Language::ja},
        {"en;q=abc", Language::ja},
        {"en;q=0.1234", Language::ja},
        {"english", Language::ja},
        {",,,en", Language::en},
        {";;;", Language::ja},
    };
    for (const auto& [header, expected] : rows) {
        CAPTURE(header);
        CHECK(choose_language(header) == expected);
    }
}

TEST_CASE("A huge Accept-Language is read only from its start", "[protocol]") {
    CHECK(choose_language("en," + std::string(100'000, ',')) == Language::en);
    CHECK(choose_language(std::string(2'000, ' ') + "en") == Language::ja);
    std::string many;
    for (int i = 0; i < 60; ++i) {
        many += "fr,";
    }
    CHECK(choose_language(many + "en") == Language::ja);
}

TEST_CASE("Errors made by name carry what the contract wants of them", "[protocol]") {
    CHECK(errors::not_found().code == ErrorCode::not_found);
    CHECK(errors::internal("cause").code == ErrorCode::internal);
    CHECK(errors::unavailable("full").retry_after == 1);
    CHECK(errors::unavailable("full", 5).retry_after == 5);
    const Error malformed = errors::malformed("limit", "out_of_range");
    CHECK(malformed.code == ErrorCode::malformed_request);
    CHECK(malformed.findings.at(0).pointer == "limit");
    CHECK(malformed.findings.at(0).code == "out_of_range");
}

TEST_CASE("Taking the value of a refused result is a bug that is told", "[protocol]") {
    const Result<int> refused = errors::not_found("bundle");
    CHECK_THROWS_AS(refused.value(), std::logic_error);
}

TEST_CASE("A finding without a text of its own is told in the words of its code, or of the error's", "[protocol]") {
    const auto detail_of = [](const std::string& code) {
        Error error(ErrorCode::invalid_manifest);
        error.findings.push_back({"/files/0", code, {}, {}});
        return json::parse(problem_json(error, Language::en, "id"))["errors"][0]["detail"].get<std::string>();
    };
    CHECK(detail_of("clock_skew") == problem_text_en(ErrorCode::clock_skew).detail);
    CHECK(detail_of("of_nobody") == problem_text_en(ErrorCode::invalid_manifest).detail);
    CHECK(detail_of("missing") != detail_of("of_nobody"));
}
