#include "server/http/head_parser.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <fstream>

using namespace relay::server::http;

namespace {

/// The case as raw bytes, with a Host, so that it is not refused for the lack of one alone.
std::string raw(const nlohmann::json& item) {
    std::string text = item.at("method").get<std::string>() + " " + item.at("uri").get<std::string>();
    const auto version = item.at("version").get<std::string>();
    text += (version.empty() ? "" : " " + version) + "\r\n";
    bool host = false;
    for (const auto& field : item.at("headers")) {
        host = host || field.at(0) == "Host";
        text += field.at(0).get<std::string>() + ": " + field.at(1).get<std::string>() + "\r\n";
    }
    return text + (host ? "" : "Host: relay.example\r\n") + "\r\n";
}

} // namespace

TEST_CASE("no request of the desync collection that is ambiguous or worse is taken", "[server]") {
    std::ifstream file(RELAY_VECTORS "/http/cases.json");
    const auto cases = nlohmann::json::parse(file);
    REQUIRE(cases.size() == 110);
    int refused = 0;
    int taken = 0;
    for (const auto& item : cases) {
        const std::string text = raw(item);
        INFO(item.dump());
        HeadScan scan;
        const auto state = scan.advance(relay::protocol::as_bytes(text));
        REQUIRE(state != HeadScan::State::more);
        bool good = false;
        if (state == HeadScan::State::complete) {
            const auto head = parse_head(relay::protocol::as_bytes(text.substr(0, scan.size())));
            good = head.has_value();
            if (!head) {
                const auto code = head.error().code;
                CHECK(
                    (code == relay::protocol::ErrorCode::malformed_request ||
                     code == relay::protocol::ErrorCode::length_required)
                );
            }
        }
        ++(good ? taken : refused);
        const auto tier = item.at("tier").get<std::string>();
        if (tier == "Ambiguous" || tier == "Severe") {
            CHECK_FALSE(good);
        }
    }
    CHECK(refused > 80);
    CHECK(taken > 3);
}
