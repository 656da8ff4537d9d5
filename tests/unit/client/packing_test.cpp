#include "client/packing.hpp"

#include "client/crypto/envelope.hpp"
#include "client/verified_manifest.hpp"
#include "tests/unit/client/test_office.hpp"

#include <catch2/catch.hpp>

using namespace relay::client;
using namespace relay::client::testing;
namespace protocol = relay::protocol;

namespace {

const auto sender = *protocol::OfficeNumber::parse("2670100011");
const auto recipient_number = *protocol::OfficeNumber::parse("2670100029");

struct Packed {
    TemporaryFolder folder = *TemporaryFolder::make();
    Identity own = make_office(KeyKind::p256, "2670100011");
    Identity theirs = make_office(KeyKind::rsa2048, "2670100029");
    PackedBundle bundle;

    explicit Packed(std::size_t size, const Limits& limits = {}) {
        const auto csv = folder.path() / "UPJSK_202611_2670100011_11_2670100029_43_20261120091500.CSV";
        put_file(csv, "\"202407\",\"261008\",\"0000000001\"\r\n" + noise(size));
        Recipient recipient;
        recipient.number = recipient_number;
        recipient.certificates = {theirs.certificate};
        auto made = pack({csv}, "11月分です", sender, recipient, own, limits, folder.path());
        REQUIRE(ok(made));
        bundle = *std::move(made);
    }

    [[nodiscard]] TrustAnchors anchors() const {
        put_file(folder.path() / "ca.pem", own.certificate_pem);
        auto loaded = TrustAnchors::load(folder.path() / "ca.pem");
        REQUIRE(ok(loaded));
        return *std::move(loaded);
    }
};

} // namespace

TEST_CASE("a packed bundle is what its recipient can verify, open and read", "[client]") {
    const Packed packed(1000);
    const auto anchors = packed.anchors();
    const auto signed_manifest = protocol::to_base64(packed.bundle.signed_manifest);
    const auto& manifest = packed.bundle.manifest;
    const auto verified = verify_manifest(signed_manifest, manifest.bundle_id, recipient_number, anchors);
    REQUIRE(ok(verified));
    CHECK(verified->manifest.sender.str() == sender.str());
    REQUIRE(verified->manifest.files.size() == 1);
    CHECK(verified->manifest.files[0].csv_version == "202407");
    REQUIRE(verified->manifest.chunks.size() == 1);
    CHECK((measure(packed.bundle.payload)->sha256 == verified->manifest.chunks[0]));
    REQUIRE(verified->manifest.cover);
    CHECK(protocol::as_text(*decrypt_bytes(*verified->manifest.cover, packed.theirs)) == "11月分です");
    CHECK(ok(decrypt_file(packed.bundle.payload, packed.folder.path() / "zip", packed.theirs, {})));
}

TEST_CASE("a manifest for another bundle or office, changed, or of an untrusted signer is not accepted", "[client]") {
    const Packed packed(10);
    const auto anchors = packed.anchors();
    const auto id = packed.bundle.manifest.bundle_id;
    const auto good = protocol::to_base64(packed.bundle.signed_manifest);
    const auto code =
        [&](const std::string& text, const protocol::BundleId& bundle, const protocol::OfficeNumber& office) {
            const auto verified = verify_manifest(text, bundle, office, anchors);
            return verified ? std::string("good") : verified.error().code;
        };
    CHECK(code(good, id, recipient_number) == "good");
    CHECK(code(good, {protocol::random_uuid()}, recipient_number) == unusable_content);
    CHECK(code(good, id, sender) == unusable_content);
    CHECK(code("", id, recipient_number) == unusable_content);
    auto changed = packed.bundle.signed_manifest;
    changed[changed.size() - 3] ^= 1U;
    CHECK(code(protocol::to_base64(changed), id, recipient_number) == unusable_content);

    // Perhaps only a wrong --client-ca: nothing that a bundle should be refused for.
    put_file(packed.folder.path() / "other.pem", packed.theirs.certificate_pem);
    const auto others = TrustAnchors::load(packed.folder.path() / "other.pem");
    REQUIRE(ok(others));
    const auto untrusted = verify_manifest(good, id, recipient_number, *others);
    REQUIRE_FALSE(ok(untrusted));
    CHECK(untrusted.error().code == "local");
}

TEST_CASE("a larger payload is cut into chunks whose digests are in the manifest", "[client]") {
    Limits limits;
    limits.chunk_size = 64 * 1024;
    const Packed packed(200000, limits);
    const auto& manifest = packed.bundle.manifest;
    REQUIRE(manifest.chunks.size() == 4);
    const auto content = read_whole(packed.bundle.payload, 1UL << 20);
    REQUIRE(ok(content));
    CHECK(static_cast<std::int64_t>(content->size()) == manifest.payload_size);
    for (std::size_t n = 0; n < 4; ++n) {
        const auto chunk = content->substr(n * 64 * 1024, static_cast<std::size_t>(manifest.size_of_chunk(n)));
        CHECK((protocol::Digest::of(chunk) == manifest.chunks[n]));
    }
}

TEST_CASE("the chunk size keeps one chunk where it can, and never more than 900", "[client]") {
    constexpr std::int64_t mib = 1 << 20;
    CHECK(choose_chunk_size(1, 16 * mib) == 1);
    CHECK(choose_chunk_size(4 * mib, 16 * mib) == 4 * mib);
    CHECK(choose_chunk_size(4 * mib + 1, 16 * mib) == 4 * mib);
    CHECK(choose_chunk_size(100000, 65536) == 65536);
    for (const auto size : {5 * mib, 1024 * mib, 10 * 1024 * mib}) {
        const auto chunk = choose_chunk_size(size, 16 * mib);
        CHECK(chunk <= 16 * mib);
        CHECK((size + chunk - 1) / chunk <= 900);
    }
}
