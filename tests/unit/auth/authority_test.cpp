#include "auth/authority.hpp"

#include "auth/trust.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_pki.hpp"

#include <catch2/catch.hpp>

#include <openssl/pem.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <sys/resource.h>

using namespace relay;
using namespace relay::auth;
using protocol::OfficeNumber;
using protocol::UserId;
using std::chrono::hours;

namespace {

const UserId user = *UserId::parse("KJ000000000001");
const Time now = test::test_now();

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Authority make(const test::TemporaryFolder& folder) {
    auto made = Authority::create(folder.path(), now);
    INFO((made ? std::string() : made.error().cause));
    REQUIRE(made.has_value());
    return std::move(*made);
}

ChainVerdict judge(const test::TemporaryFolder& folder, const Certificate& certificate, Time at) {
    const auto trust = Trust::load(folder.path() / "ca.pem", folder.path() / "ca.crl");
    REQUIRE(trust.has_value());
    return (*trust)->verify(certificate, at);
}

std::string make_request(const std::string& name, EVP_PKEY* key, EVP_PKEY* signer) {
    const std::unique_ptr<X509_REQ, protocol::cms::Deleter<X509_REQ_free>> request(X509_REQ_new());
    X509_NAME_add_entry_by_txt(
        X509_REQ_get_subject_name(request.get()),
        "CN",
        MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(name.c_str()),
        -1,
        -1,
        0
    );
    REQUIRE(X509_REQ_set_pubkey(request.get(), key) == 1);
    REQUIRE(X509_REQ_sign(request.get(), signer, EVP_sha256()) > 0);
    const protocol::cms::BioPtr bio(BIO_new(BIO_s_mem()));
    REQUIRE(PEM_write_bio_X509_REQ(bio.get(), request.get()) == 1);
    const Bytes bytes = test::take_bytes(bio.get());
    return std::string(protocol::as_text(bytes));
}

} // namespace

TEST_CASE("A CA is made once and never over another", "[auth]") {
    const test::TemporaryFolder folder;
    const Authority authority = make(folder);
    CHECK(authority.certificate_pem() == text_of(folder.path() / "ca.pem"));
    const auto permissions = std::filesystem::status(folder.path() / "ca.key").permissions();
    CHECK(
        (permissions & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
    );
    CHECK(Authority::create(folder.path(), now).has_error());
    CHECK(Authority::open(folder.path()).has_value());
    CHECK(Authority::open(folder.path() / "elsewhere").has_error());
}

TEST_CASE("What the CA issues is good for signing in", "[auth]") {
    const test::TemporaryFolder folder;
    const Authority authority = make(folder);
    const auto type = GENERATE(KeyType::p256, KeyType::rsa2048);
    const auto issued = authority.issue(user, OfficeNumber::parse("2670100011"), type, 30, now);
    REQUIRE(issued.has_value());
    const Certificate& certificate = issued->certificate;
    CHECK(certificate.common_name == user.str());
    CHECK(certificate.strong);
    CHECK(certificate.not_before == now - hours(1));
    CHECK(certificate.not_after == now + hours(24 * 30));
    CHECK_FALSE(certificate.key_identifier.empty());
    CHECK(authority.issued(certificate));
    CHECK(issued->chain_pem == to_pem(certificate.der) + authority.certificate_pem());
    CHECK(judge(folder, certificate, now) == ChainVerdict::good);
    CHECK(judge(folder, certificate, now + hours(24 * 31)) == ChainVerdict::expired);

    const auto leaf = protocol::cms::read_pem_certificate(issued->chain_pem);
    const auto key = protocol::cms::read_pem_key(issued->key_pem);
    CHECK(X509_check_private_key(leaf.get(), key.get()) == 1);
    CHECK((X509_get_extended_key_usage(leaf.get()) & XKU_SMIME) != 0);
    std::array<char, 16> office{};
    X509_NAME_get_text_by_NID(
        X509_get_subject_name(leaf.get()), NID_organizationIdentifier, office.data(), office.size()
    );
    CHECK(std::string(office.data()) == "2670100011");
}

TEST_CASE("A certificate never outlives its CA and lives at least a day", "[auth]") {
    const test::TemporaryFolder folder;
    const Authority authority = make(folder);
    const auto issued = authority.issue(user, {}, KeyType::p256, 36500, now);
    REQUIRE(issued.has_value());
    const auto ca = read_certificate_pem(authority.certificate_pem());
    REQUIRE(ca.has_value());
    CHECK(issued->certificate.not_after == ca->not_after);
    CHECK(authority.issue(user, {}, KeyType::p256, 0, now).has_error());
}

TEST_CASE("Two CAs do not take each other's certificates for their own", "[auth]") {
    const test::TemporaryFolder folder;
    const test::TemporaryFolder other_folder;
    const Authority authority = make(folder);
    const Authority other = make(other_folder);
    const auto issued = other.issue(user, {}, KeyType::p256, 30, now);
    REQUIRE(issued.has_value());
    CHECK_FALSE(authority.issued(issued->certificate));
    CHECK(judge(folder, issued->certificate, now) == ChainVerdict::wrong_chain);
}

TEST_CASE("A request gets a certificate for its key", "[auth]") {
    const test::TemporaryFolder folder;
    const Authority authority = make(folder);
    const auto key = test::make_key(GENERATE(test::KeyKind::p384, test::KeyKind::rsa2048));
    const auto issued = authority.sign_request(make_request(user.str(), key.get(), key.get()), user, {}, 30, now);
    REQUIRE(issued.has_value());
    CHECK(issued->key_pem.empty());
    const auto leaf = protocol::cms::read_pem_certificate(issued->chain_pem);
    CHECK(X509_check_private_key(leaf.get(), key.get()) == 1);
    CHECK(judge(folder, issued->certificate, now) == ChainVerdict::good);
}

TEST_CASE("A request of another name, a weak key or without proof of its key is refused", "[auth]") {
    const test::TemporaryFolder folder;
    const Authority authority = make(folder);
    const auto key = test::make_key(test::KeyKind::p256);
    const auto other = test::make_key(test::KeyKind::p256);
    const auto weak = test::make_key(test::KeyKind::rsa1024);
    const auto refused = [&](const std::string& request) {
        const auto issued = authority.sign_request(request, user, {}, 30, now);
        REQUIRE(issued.has_error());
        CHECK(issued.error().code == protocol::ErrorCode::malformed_request);
    };
    refused(make_request("KJ000000000002", key.get(), key.get()));
    refused(make_request(user.str(), key.get(), other.get()));
    refused(make_request(user.str(), weak.get(), weak.get()));
    refused("no PEM");
}

TEST_CASE("A certificate in the CRL is refused, and the next CRL has exactly its entries", "[auth]") {
    const test::TemporaryFolder folder;
    const Authority authority = make(folder);
    const auto first = authority.issue(user, {}, KeyType::p256, 30, now);
    const auto second = authority.issue(user, {}, KeyType::p256, 30, now);
    REQUIRE(first.has_value());
    REQUIRE(second.has_value());
    const std::vector<RevokedEntry> entries{
        {first->certificate.serial, now, "keyCompromise"}, {Bytes{0x01}, now, "a word of no standard"}};
    REQUIRE(authority.write_crl(entries, now).has_value());
    CHECK(judge(folder, first->certificate, now) == ChainVerdict::in_crl);
    CHECK(judge(folder, second->certificate, now) == ChainVerdict::good);
    REQUIRE(authority.write_crl({{second->certificate.serial, now, ""}}, now + hours(1)).has_value());
    CHECK(judge(folder, first->certificate, now) == ChainVerdict::good);
    CHECK(judge(folder, second->certificate, now) == ChainVerdict::in_crl);
    const auto trust = Trust::load(folder.path() / "ca.pem", folder.path() / "ca.crl");
    REQUIRE(trust.has_value());
    CHECK_FALSE((*trust)->crl_overdue(now + hours(24 * 7)));
    CHECK((*trust)->crl_overdue(now + hours(24 * 7 + 2)));
}

TEST_CASE("A folder that cannot hold a CA is told by name, and nothing is left in it", "[auth]") {
    const test::TemporaryFolder folder;
    const auto file = folder.write("file", "text");
    const auto blocked = folder.path() / "blocked";
    std::filesystem::create_directories(blocked / "ca.pem"); // a folder stands where the certificate goes
    for (const auto& place : {file, file / "below", blocked}) {
        const auto made = Authority::create(place, now);
        REQUIRE(made.has_error());
        CHECK(made.error().cause.find(place.filename().string()) != std::string::npos);
    }
    CHECK(std::distance(std::filesystem::directory_iterator(blocked), std::filesystem::directory_iterator()) == 1);
    std::filesystem::create_directories(folder.path() / "other" / "ca.crl");
    CHECK(Authority::create(folder.path() / "other", now).has_error());
    CHECK_FALSE(std::filesystem::exists(folder.path() / "other" / "ca.key"));
}

TEST_CASE("A CA whose files are missing, broken or of two CAs is not opened", "[auth]") {
    const test::TemporaryFolder folder;
    const test::TemporaryFolder other;
    const auto authority = make(folder);
    const auto stranger = make(other);
    const std::string key = text_of(folder.path() / "ca.key");
    const auto opens = [&] { return Authority::open(folder.path()).has_value(); };
    REQUIRE(opens());
    folder.write("ca.key", text_of(other.path() / "ca.key"));
    CHECK_FALSE(opens());
    folder.write("ca.key", "no key");
    CHECK_FALSE(opens());
    folder.write("ca.key", key);
    folder.write("ca.pem", "no certificate");
    CHECK_FALSE(opens());
    folder.write("ca.pem", authority.certificate_pem());
    REQUIRE(opens());
    std::filesystem::remove(folder.path() / "ca.key");
    CHECK_FALSE(opens());
    std::filesystem::create_directory(folder.path() / "ca.key");
    CHECK_FALSE(opens());
    std::filesystem::remove(folder.path() / "ca.pem");
    CHECK_FALSE(opens());
    CHECK(stranger.issued(*read_certificate_pem(stranger.certificate_pem())));
    CHECK_FALSE(authority.issued(*read_certificate_pem(stranger.certificate_pem())));
}

TEST_CASE("A CRL that cannot be written is an error, and no part of it stays", "[auth]") {
    const test::TemporaryFolder folder;
    const auto authority = make(folder);
    REQUIRE(authority.write_crl({}, now).has_value());
    std::filesystem::remove(folder.path() / "ca.crl");
    std::filesystem::create_directory(folder.path() / "ca.crl");
    CHECK(authority.write_crl({}, now).has_error());
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        CHECK(entry.path().filename().string().find("ca.crl.") == std::string::npos);
    }
    std::filesystem::remove_all(folder.path());
    CHECK(authority.write_crl({}, now).has_error());
}

TEST_CASE("A CA whose files cannot be written is not made", "[auth]") {
    const test::TemporaryFolder folder;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit none{0, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &none) == 0); // as on a full disk
    const auto made = Authority::create(folder.path(), now);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    static_cast<void>(std::signal(SIGXFSZ, handler));
    CHECK(made.has_error());
    CHECK_FALSE(std::filesystem::exists(folder.path() / "ca.key"));
    CHECK(Authority::create(folder.path(), now).has_value());
}
