// PEM texts that are encrypted: nobody sits at the terminal of a server.
#include "auth/authority.hpp"
#include "auth/trust.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_pki.hpp"

#include <catch2/catch.hpp>

#include <openssl/pem.h>
#include <unistd.h>

#include <array>

using namespace relay;
using namespace relay::auth;

namespace {

constexpr std::string_view passphrase = "geheim";

/// Standard input that answers the question for a passphrase, and knows whether it was asked.
class WillingInput {
public:
    WillingInput() : before_(::dup(STDIN_FILENO)) {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        const std::string answer = std::string(passphrase) + "\n";
        REQUIRE(::write(ends[1], answer.data(), answer.size()) == static_cast<ssize_t>(answer.size()));
        ::close(ends[1]);
        ::dup2(ends[0], STDIN_FILENO);
        ::close(ends[0]);
    }
    ~WillingInput() {
        ::dup2(before_, STDIN_FILENO);
        ::close(before_);
    }
    WillingInput(const WillingInput&) = delete;
    WillingInput& operator=(const WillingInput&) = delete;

    [[nodiscard]] static bool was_asked() {
        std::array<char, 32> rest{};
        return ::read(STDIN_FILENO, rest.data(), rest.size()) != static_cast<ssize_t>(passphrase.size() + 1);
    }

private:
    int before_;
};

std::string encrypted_pem(i2d_of_void* encode, const char* kind, const void* object) {
    const protocol::cms::BioPtr bio(BIO_new(BIO_s_mem()));
    const auto* key = reinterpret_cast<const unsigned char*>(passphrase.data());
    REQUIRE(
        PEM_ASN1_write_bio(
            encode,
            kind,
            bio.get(),
            object,
            EVP_aes_256_cbc(),
            key,
            static_cast<int>(passphrase.size()),
            nullptr,
            nullptr
        ) == 1
    );
    const Bytes bytes = test::take_bytes(bio.get());
    return std::string(protocol::as_text(bytes));
}

int encode_certificate(const void* object, unsigned char** out) {
    return i2d_X509(static_cast<const X509*>(object), out);
}
int encode_crl(const void* object, unsigned char** out) {
    return i2d_X509_CRL(static_cast<const X509_CRL*>(object), out);
}
int encode_request(const void* object, unsigned char** out) {
    return i2d_X509_REQ(static_cast<const X509_REQ*>(object), out);
}

} // namespace

TEST_CASE("A CA or CRL file that is encrypted is refused without asking for a passphrase", "[auth]") {
    const auto ca = test::make_certificate({.common_names = {"Root"}, .ca = true});
    const test::TemporaryFolder folder;
    const auto plain_ca = folder.write("ca.pem", ca.pem());
    const auto encrypted_ca =
        folder.write("encrypted.pem", encrypted_pem(encode_certificate, PEM_STRING_X509, ca.certificate.get()));
    const std::string crl_pem = test::make_crl_pem(ca, {});
    const auto bio = protocol::cms::open_bio(protocol::as_bytes(crl_pem));
    const std::unique_ptr<X509_CRL, protocol::cms::Deleter<X509_CRL_free>> crl(
        PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)
    );
    REQUIRE(crl);
    const auto encrypted_crl = folder.write("encrypted.crl", encrypted_pem(encode_crl, PEM_STRING_X509_CRL, crl.get()));

    const WillingInput input;
    CHECK(Trust::load(encrypted_ca, {}).has_error());
    CHECK(Trust::load(plain_ca, encrypted_crl).has_error());
    CHECK_FALSE(WillingInput::was_asked());
}

TEST_CASE("A certificate request that is encrypted is refused without asking for a passphrase", "[auth]") {
    const test::TemporaryFolder folder;
    const auto authority = Authority::create(folder.path(), test::test_now());
    REQUIRE(authority.has_value());
    const auto key = test::make_key(test::KeyKind::p256);
    const std::unique_ptr<X509_REQ, protocol::cms::Deleter<X509_REQ_free>> request(X509_REQ_new());
    const auto user = *protocol::UserId::parse("KJ000000000001");
    X509_NAME_add_entry_by_txt(
        X509_REQ_get_subject_name(request.get()),
        "CN",
        MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(user.str().c_str()),
        -1,
        -1,
        0
    );
    REQUIRE(X509_REQ_set_pubkey(request.get(), key.get()) == 1);
    REQUIRE(X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0);
    const std::string pem = encrypted_pem(encode_request, PEM_STRING_X509_REQ, request.get());

    const WillingInput input;
    CHECK(authority->sign_request(pem, user, std::nullopt, 30, test::test_now()).has_error());
    CHECK_FALSE(WillingInput::was_asked());
}
