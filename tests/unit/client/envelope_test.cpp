#include "client/crypto/envelope.hpp"

#include "client/crypto/envelope_parts.hpp"
#include "protocol/cms/recipients.hpp"
#include "tests/unit/client/system_faults.hpp"
#include "tests/unit/client/test_office.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace relay::client;
using namespace relay::client::testing;
namespace protocol = relay::protocol;

namespace {

Produce text_in_pieces(const std::string& text, std::size_t piece) {
    return [&text, piece](const Sink& sink) -> Outcome<void> {
        for (std::size_t at = 0; at < text.size(); at += piece) {
            if (!sink(protocol::as_bytes(std::string_view(text).substr(at, piece)))) {
                return local_failure("sink");
            }
        }
        return {};
    };
}

/// As another implementation would write it: DER of definite lengths, made in one go.
void put_der(const fs::path& path, const Certificate& recipient, const std::string& plain) {
    STACK_OF(X509)* recipients = sk_X509_new_null();
    sk_X509_push(recipients, recipient.get());
    const Handle<BIO> in(BIO_new_mem_buf(plain.data(), static_cast<int>(plain.size())));
    const Handle<CMS_ContentInfo> cms(CMS_encrypt(recipients, in.get(), EVP_aes_128_gcm(), CMS_BINARY));
    sk_X509_free(recipients);
    REQUIRE(cms != nullptr);
    const Handle<BIO> out(BIO_new_file(path.c_str(), "wb"));
    REQUIRE(i2d_CMS_bio(out.get(), cms.get()) == 1);
}

std::string whole(const fs::path& path) {
    const auto content = read_whole(path, 100UL << 20);
    REQUIRE(ok(content));
    return *content;
}

} // namespace

TEST_CASE("what is encrypted for several offices' keys can be read with each of them", "[client]") {
    const auto folder = TemporaryFolder::make();
    REQUIRE(ok(folder));
    const auto office_p256 = make_office(KeyKind::p256);
    const auto office_rsa = make_office(KeyKind::rsa2048);
    for (const std::size_t size : {std::size_t{1}, std::size_t{22}, std::size_t{4096}, std::size_t{3000001}}) {
        const auto plain = noise(size);
        const auto sealed = folder->path() / ("sealed-" + std::to_string(size));
        REQUIRE(
            ok(encrypt_to_file(sealed, {office_p256.certificate, office_rsa.certificate}, text_in_pieces(plain, 70001)))
        );

        const auto head = protocol::cms::read_head(
            protocol::as_bytes(whole(sealed)), static_cast<std::int64_t>(fs::file_size(sealed))
        );
        REQUIRE(head.has_value());
        CHECK(head->recipients.size() == 2);
        File file = *File::open_to_read(sealed);
        const auto parts = read_envelope_parts(file);
        REQUIRE(ok(parts));
        CHECK(parts->segments.size() <= size / (64UL * 1024) + 1);
        for (const auto* office : {&office_p256, &office_rsa}) {
            const auto opened = folder->path() / "opened";
            std::uint64_t metered = 0;
            REQUIRE(ok(decrypt_file(sealed, opened, *office, [&](std::uint64_t bytes) { metered += bytes; })));
            CHECK(whole(opened) == plain);
            CHECK(metered == size);
            CHECK_FALSE(fs::exists(folder->path() / "opened.part"));
            fs::remove(opened);
        }
    }
}

TEST_CASE("payloads of definite lengths, as other software makes them, are read too", "[client]") {
    const auto folder = TemporaryFolder::make();
    REQUIRE(ok(folder));
    for (const auto kind : {KeyKind::p256, KeyKind::rsa2048}) {
        const auto office = make_office(kind);
        const auto plain = noise(200000);
        const auto sealed = folder->path() / "sealed";
        put_der(sealed, office.certificate, plain);
        const auto opened = folder->path() / "opened";
        REQUIRE(ok(decrypt_file(sealed, opened, office, {})));
        CHECK(whole(opened) == plain);
        fs::remove(opened);
        fs::remove(sealed);
    }
}

TEST_CASE("no file appears when a single bit of the payload was changed", "[client]") {
    const auto folder = TemporaryFolder::make();
    REQUIRE(ok(folder));
    const auto office = make_office(KeyKind::p256);
    const auto plain = noise(50000);
    const auto sealed = folder->path() / "sealed";
    REQUIRE(ok(encrypt_to_file(sealed, {office.certificate}, text_in_pieces(plain, 5000))));
    const auto good = whole(sealed);
    File file = *File::open_or_create(sealed);
    // In the middle of the content, in its last bytes, and in the tag at the very end.
    const auto parts = read_envelope_parts(file);
    REQUIRE(ok(parts));
    const auto& last = parts->segments.back();
    for (const auto at : {good.size() / 2, last.offset + last.size - 1, good.size() - 8}) {
        auto bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        const auto changed = folder->path() / "changed";
        put_file(changed, bad);
        const auto opened = folder->path() / "opened";
        const auto result = decrypt_file(changed, opened, office, {});
        REQUIRE_FALSE(ok(result));
        CHECK(result.error().code == unusable_content);
        CHECK_FALSE(fs::exists(opened));
        CHECK_FALSE(fs::exists(folder->path() / "opened.part"));
        fs::remove(changed);
    }
}

TEST_CASE("a payload cut off anywhere, or no CMS at all, is unusable content", "[client]") {
    const auto folder = TemporaryFolder::make();
    REQUIRE(ok(folder));
    const auto office = make_office(KeyKind::p256);
    const auto plain = noise(30000);
    const auto sealed = folder->path() / "sealed";
    REQUIRE(ok(encrypt_to_file(sealed, {office.certificate}, text_in_pieces(plain, 4000))));
    const auto good = whole(sealed);
    std::vector<std::string> wrong{"", "PK", noise(1000), std::string(100, '\x30'), std::string("\x30\x80", 2)};
    for (std::size_t at = 1; at < good.size(); at += 997) {
        wrong.push_back(good.substr(0, at));
    }
    for (const auto& bytes : wrong) {
        INFO(bytes.size() << " bytes");
        const auto path = folder->path() / "wrong";
        put_file(path, bytes);
        const auto result = decrypt_file(path, folder->path() / "opened", office, {});
        REQUIRE_FALSE(ok(result));
        CHECK(result.error().code == unusable_content);
        CHECK_FALSE(fs::exists(folder->path() / "opened"));
        fs::remove(path);
    }
}

TEST_CASE("a payload for another certificate is told apart from a damaged one", "[client]") {
    const auto folder = TemporaryFolder::make();
    REQUIRE(ok(folder));
    const auto office = make_office(KeyKind::p256);
    for (const auto kind : {KeyKind::p256, KeyKind::rsa2048}) {
        const auto other = make_office(kind, "2670100029");
        const auto sealed = folder->path() / "sealed";
        REQUIRE(ok(encrypt_to_file(sealed, {other.certificate}, text_in_pieces("plan", 4))));
        const auto result = decrypt_file(sealed, folder->path() / "opened", office, {});
        REQUIRE_FALSE(ok(result));
        CHECK(result.error().code == other_certificate);
        fs::remove(sealed);
    }
}

TEST_CASE("a certificate renewed with its key opens what was encrypted for the one before", "[client]") {
    const auto folder = TemporaryFolder::make();
    REQUIRE(ok(folder));
    const auto stranger = make_office(KeyKind::rsa2048);
    for (const auto kind : {KeyKind::p256, KeyKind::rsa2048}) {
        const auto old = make_office(kind);
        const auto office = renew(old);
        const auto plain = noise(200000);
        const auto sealed = folder->path() / "sealed";
        REQUIRE(ok(encrypt_to_file(sealed, {stranger.certificate, old.certificate}, text_in_pieces(plain, 5000))));
        const auto opened = folder->path() / "opened";
        REQUIRE(ok(decrypt_file(sealed, opened, office, {})));
        CHECK(whole(opened) == plain);
        fs::remove(opened);
        fs::remove(sealed);
    }
}

TEST_CASE("the key of before opens what was encrypted for it, and damage is told as damage", "[client]") {
    const auto folder = TemporaryFolder::make();
    REQUIRE(ok(folder));
    const auto office = make_office(KeyKind::p256);
    std::vector<Identity> old;
    old.push_back(make_office(KeyKind::rsa2048));
    old.push_back(make_office(KeyKind::p256));
    for (const auto& before : old) {
        auto cover = encrypt_bytes({before.certificate}, protocol::as_bytes(std::string_view("letter")));
        REQUIRE(ok(cover));
        const auto plain = decrypt_bytes(*cover, Keys(office, old));
        REQUIRE(ok(plain));
        CHECK(protocol::as_text(*plain) == "letter");
        cover->back() ^= 1U;
        CHECK(decrypt_bytes(*cover, Keys(office, old)).error().code == unusable_content);
    }
}

TEST_CASE("a payload that the disk does not give back is never called unusable", "[client]") {
    const auto folder = TemporaryFolder::make();
    REQUIRE(ok(folder));
    const auto office = make_office(KeyKind::p256);
    const auto plain = noise(300000);
    const auto sealed = folder->path() / "sealed";
    REQUIRE(ok(encrypt_to_file(sealed, {office.certificate}, text_in_pieces(plain, 5000))));
    int struck = 0;
    for (bool more = true; more; ++struck) {
        const ReadFault fault(struck);
        const auto opened = decrypt_file(sealed, folder->path() / "opened", office, {});
        more = fault.struck();
        INFO("after " << struck << " reads");
        CHECK(opened.has_value() != more);
        if (!opened) {
            CHECK(opened.error().code == "local");
        }
    }
    CHECK(struck > 5);
}

TEST_CASE("a cover letter can be read by its recipient and by nobody else", "[client]") {
    const auto office = make_office(KeyKind::rsa2048);
    const auto other = make_office(KeyKind::p256);
    const std::string letter = "11月分の予定です。\nよろしくお願いします。";
    auto cover = encrypt_bytes({office.certificate}, protocol::as_bytes(letter));
    REQUIRE(ok(cover));
    CHECK(cover->size() < 8 * 1024);
    const auto plain = decrypt_bytes(*cover, office);
    REQUIRE(ok(plain));
    CHECK(protocol::as_text(*plain) == letter);
    CHECK_FALSE(ok(decrypt_bytes(*cover, other)));
    cover->back() ^= 1U;
    cover->at(cover->size() / 2) ^= 1U;
    CHECK_FALSE(ok(decrypt_bytes(*cover, office)));
}

TEST_CASE("nothing already on the disk is overwritten by encryption", "[client]") {
    const auto folder = TemporaryFolder::make();
    REQUIRE(ok(folder));
    const auto office = make_office(KeyKind::p256);
    put_file(folder->path() / "mine", "mine");
    CHECK_FALSE(ok(encrypt_to_file(folder->path() / "mine", {office.certificate}, text_in_pieces("plan", 4))));
    CHECK(whole(folder->path() / "mine") == "mine");
}
