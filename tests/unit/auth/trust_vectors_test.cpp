// Path validation against public test suites (tests/vectors/README.md): the German BSI's and NIST's PKITS.
#include "auth/trust.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <map>

using namespace relay;
using namespace relay::auth;
using nlohmann::json;

namespace {

json read_vectors(const std::string& name) {
    std::ifstream file(std::string(RELAY_VECTORS) + "/" + name);
    REQUIRE(file);
    return json::parse(file);
}

std::string pem(const std::string& kind, const std::string& base64) {
    std::string lines;
    for (std::size_t at = 0; at < base64.size(); at += 64) {
        lines += base64.substr(at, 64) + "\n";
    }
    return "-----BEGIN " + kind + "-----\n" + lines + "-----END " + kind + "-----\n";
}

struct Path {
    std::vector<std::string> anchors;
    std::vector<std::string> intermediates;
    std::string leaf;
    std::vector<std::string> crls;
};

/// As TLS and signatures use it: trust from files, intermediates from the peer.
bool accepts(const Path& path, const std::string& now) {
    const test::TemporaryFolder folder;
    std::string ca_text;
    for (const std::string& anchor : path.anchors) {
        ca_text += pem("CERTIFICATE", anchor);
    }
    std::string crl_text;
    for (const std::string& crl : path.crls) {
        crl_text += pem("X509 CRL", crl);
    }
    const auto ca = folder.write("ca.pem", ca_text);
    const auto crl = path.crls.empty() ? std::filesystem::path() : folder.write("crl.pem", crl_text);
    const auto trust = Trust::load(ca, crl);
    const auto leaf = protocol::from_base64(path.leaf);
    if (!trust || !leaf) {
        return false;
    }
    const auto certificate = read_certificate(*leaf);
    if (!certificate) {
        return false;
    }
    std::vector<Bytes> intermediates;
    for (const std::string& intermediate : path.intermediates) {
        intermediates.push_back(*protocol::from_base64(intermediate));
    }
    return (*trust)->verify(*certificate, *protocol::parse_rfc3339(now), intermediates) == ChainVerdict::good;
}

} // namespace

TEST_CASE("The BSI's certification paths are judged as it says, but for rules that are ours", "[auth]") {
    // Where we differ, and what we say.
    const std::map<std::string, bool> ours{
        {"CRL_01", true},  // a CA without a CRL is not checked by CRL
        {"CRL_08", true},  // a CRL from a clock that is ahead is in force
        {"CRL_09", true},  // a CRL past its nextUpdate stays in force
        {"CRL_12", true},  // no CRL of that CA
        {"CRL_15", true},  // no CRL of that CA
        {"ext_17", false}, // a policy extension that must be critical is not: the suite's own note says to refuse it
    };
    const json vectors = read_vectors("bsi/cases.json");
    for (const json& one : vectors.at("cases")) {
        const std::string name = one.at("name");
        const bool accepted =
            accepts({one.at("anchors"), one.at("intermediates"), one.at("leaf"), one.at("crls")}, vectors.at("now"));
        INFO(name << ": " << one.at("expected").get<std::string>());
        const auto differs = ours.find(name);
        CHECK(accepted == (differs == ours.end() ? one.at("good").get<bool>() : differs->second));
    }
}

TEST_CASE("NIST's PKITS paths are judged as it says, but for rules that are ours", "[auth]") {
    const std::map<std::string, bool> ours{
        {"4.1.4", false}, // DSA keys
        {"4.1.5", false},
        {"4.4.1", true}, // a CA without a CRL is not checked by CRL
        {"4.4.5", true},
        {"4.4.6", true},
        {"4.4.11", true}, // a CRL past its nextUpdate stays in force
        {"4.4.12", true},
        {"4.14.26", true}, // CRLs of another issuer than the certificate's are not supported
        {"4.14.27", true},
        {"4.14.28", false},
        {"4.14.29", false},
        {"4.14.31", true},
        {"4.14.32", true},
        {"4.15.10", true}, // base CRL past its nextUpdate
    };
    const json vectors = read_vectors("pkits/cases.json");
    for (const json& one : vectors.at("cases")) {
        const std::string name = one.at("test");
        const std::vector<std::string> names = one.at("certs");
        Path path;
        path.anchors = {vectors.at("certs").at(names.front())};
        path.leaf = vectors.at("certs").at(names.back());
        for (std::size_t i = 1; i + 1 < names.size(); ++i) {
            path.intermediates.push_back(vectors.at("certs").at(names[i]));
        }
        for (const json& crl : one.at("crls")) {
            path.crls.push_back(vectors.at("crls").at(crl.get<std::string>()));
        }
        INFO(name << " " << one.at("name").get<std::string>());
        const auto differs = ours.find(name);
        CHECK(
            accepts(path, vectors.at("now")) ==
            (differs == ours.end() ? one.at("should_validate").get<bool>() : differs->second)
        );
    }
}
