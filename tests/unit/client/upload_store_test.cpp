#include "client/upload_store.hpp"

#include "tests/unit/client/test_office.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace relay::client;
using namespace relay::client::testing;
namespace protocol = relay::protocol;

namespace {

const auto sender = *protocol::OfficeNumber::parse("2670100011");
const auto recipient = *protocol::OfficeNumber::parse("2670100029");

struct Office {
    TemporaryFolder folder = *TemporaryFolder::make();
    Identity own = make_office(KeyKind::p256);
    UploadStore uploads{folder.path() / "state"};
    Settings settings;
    fs::path file = folder.path() / "memo.pdf";

    Office() { put_file(file, "%PDF-1.4 memo"); }

    [[nodiscard]] std::string name(const std::string& message = "") const {
        return *UploadStore::name_of(settings, recipient, message, {file});
    }
    void pack_into(UploadStore::Upload& upload) const {
        Recipient to;
        to.number = recipient;
        to.certificates = {own.certificate};
        auto packed = pack({file}, "", sender, to, own, Limits(), upload.folder);
        REQUIRE(ok(packed));
        upload.bundle = *std::move(packed);
    }
};

} // namespace

TEST_CASE("What is sent to whom names an upload: content, message, recipient, user and relay", "[client]") {
    Office office;
    const auto name = office.name();
    CHECK(name == office.name());
    CHECK(name != office.name("message"));
    CHECK(name != *UploadStore::name_of(office.settings, sender, "", {office.file}));
    fs::remove(office.file);
    put_file(office.file, "%PDF-1.4 MEMO");
    CHECK(name != office.name());
    office.settings.user = "KJ000000000001";
    CHECK(name != office.name());
}

TEST_CASE("An upload that was saved is found again by the next run, with its bundle ID", "[client]") {
    const Office office;
    std::string bundle_id;
    {
        auto first = office.uploads.open(office.name());
        REQUIRE(ok(first));
        CHECK_FALSE(first->bundle);
        office.pack_into(*first);
        REQUIRE(ok(office.uploads.save(*first)));
        bundle_id = first->bundle->manifest.bundle_id.str();
        CHECK(office.uploads.open(office.name()).has_error()); // another process would send it, too
    }
    auto again = office.uploads.open(office.name());
    REQUIRE(ok(again));
    REQUIRE(again->bundle);
    CHECK(again->bundle->manifest.bundle_id.str() == bundle_id);
    CHECK((measure(again->bundle->payload)->sha256 == again->bundle->manifest.chunks[0]));
    REQUIRE(ok(office.uploads.empty(*again, true)));
    CHECK_FALSE(fs::exists(again->folder));
}

TEST_CASE("What a crash left half done is cleared away", "[client]") {
    const Office office;
    fs::path payload;
    {
        auto first = office.uploads.open(office.name());
        REQUIRE(ok(first));
        office.pack_into(*first);
        payload = first->bundle->payload; // packed, and never saved
    }
    auto again = office.uploads.open(office.name());
    REQUIRE(ok(again));
    CHECK_FALSE(again->bundle);
    CHECK_FALSE(fs::exists(payload));
    office.pack_into(*again);
    REQUIRE(ok(office.uploads.save(*again)));
    REQUIRE(ok(office.uploads.empty(*again, false)));
    CHECK_FALSE(again->bundle);
    CHECK(fs::exists(again->folder));
}

TEST_CASE("Of what the relay accepted, the bundle is remembered and its payload let go", "[client]") {
    const Office office;
    std::string bundle_id;
    {
        auto first = office.uploads.open(office.name());
        REQUIRE(ok(first));
        office.pack_into(*first);
        REQUIRE(ok(office.uploads.save(*first)));
        bundle_id = first->bundle->manifest.bundle_id.str();
        REQUIRE(ok(office.uploads.note_accepted(*first)));
        CHECK_FALSE(fs::exists(first->bundle->payload));
        office.uploads.forget(office.name()); // in vain: it is in use
    }
    {
        auto again = office.uploads.open(office.name());
        REQUIRE(ok(again));
        REQUIRE(again->bundle);
        CHECK(again->accepted);
        CHECK(again->bundle->manifest.bundle_id.str() == bundle_id);
        REQUIRE(ok(office.uploads.empty(*again, false)));
        CHECK_FALSE(again->accepted);
        office.pack_into(*again);
        REQUIRE(ok(office.uploads.save(*again)));
    }
    {
        auto anew = office.uploads.open(office.name());
        REQUIRE(ok(anew));
        REQUIRE(anew->bundle);
        CHECK_FALSE(anew->accepted);
        CHECK(anew->bundle->manifest.bundle_id.str() != bundle_id);
    }
    office.uploads.forget(office.name());
    CHECK_FALSE(fs::exists(office.folder.path() / "state" / "uploads" / office.name()));
}

TEST_CASE("What nobody asked for in a week is forgotten, and what is asked for stays", "[client]") {
    const Office office;
    const auto old = fs::file_time_type::clock::now() - std::chrono::hours(24 * 8);
    for (const auto& name : {office.name(), office.name("message")}) {
        auto upload = office.uploads.open(name);
        REQUIRE(ok(upload));
        office.pack_into(*upload);
        REQUIRE(ok(office.uploads.save(*upload)));
    }
    const auto folder = [&](const std::string& name) { return office.folder.path() / "state" / "uploads" / name; };
    REQUIRE(office.uploads.open(office.name()).value().bundle);
    fs::last_write_time(folder(office.name("message")), old);
    REQUIRE(office.uploads.open(office.name()).value().bundle);
    CHECK_FALSE(fs::exists(folder(office.name("message"))));
}

TEST_CASE("One batch of a user runs at a time", "[client]") {
    Office office;
    office.settings.user = "KJ000000000001";
    auto first = office.uploads.lock_batch(office.settings);
    REQUIRE(ok(first));
    CHECK(office.uploads.lock_batch(office.settings).has_error());
    office.settings.user = "KJ000000000002";
    CHECK(ok(office.uploads.lock_batch(office.settings)));
}
