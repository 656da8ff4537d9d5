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

TEST_CASE(
    "What nobody asked for in a week keeps no payload, and is still known for as long as bundles live", "[client]"
) {
    const Office office;
    const auto name = office.name("message");
    const auto folder = office.folder.path() / "state" / "uploads" / name;
    std::string bundle_id;
    fs::path payload;
    {
        auto upload = office.uploads.open(name);
        REQUIRE(ok(upload));
        office.pack_into(*upload);
        REQUIRE(ok(office.uploads.save(*upload)));
        bundle_id = upload->bundle->manifest.bundle_id.str();
        payload = upload->bundle->payload;
    }
    const auto grow_old = [&](int days) {
        fs::last_write_time(folder, fs::file_time_type::clock::now() - std::chrono::hours(24 * days));
    };
    grow_old(8);
    REQUIRE(office.uploads.open(office.name()).has_value()); // another one
    CHECK_FALSE(fs::exists(payload));
    {
        auto again = office.uploads.open(name);
        REQUIRE(ok(again));
        REQUIRE(again->bundle);
        CHECK(again->bundle->manifest.bundle_id.str() == bundle_id);
        CHECK(again->too_old);
        CHECK_FALSE(again->accepted);
        REQUIRE(ok(office.uploads.note_accepted(*again)));
    }
    grow_old(100);
    REQUIRE(office.uploads.open(office.name()).has_value());
    {
        auto again = office.uploads.open(name);
        REQUIRE(ok(again));
        CHECK(again->accepted);
        CHECK_FALSE(again->too_old);
    }
    grow_old(401);
    REQUIRE(office.uploads.open(office.name()).has_value());
    CHECK_FALSE(fs::exists(folder));
}

TEST_CASE("What is asked for after a week is whole", "[client]") {
    const Office office;
    {
        auto upload = office.uploads.open(office.name());
        REQUIRE(ok(upload));
        office.pack_into(*upload);
        REQUIRE(ok(office.uploads.save(*upload)));
    }
    const auto folder = office.folder.path() / "state" / "uploads" / office.name();
    fs::last_write_time(folder, fs::file_time_type::clock::now() - std::chrono::hours(24 * 8));
    const auto again = office.uploads.open(office.name());
    REQUIRE(ok(again));
    REQUIRE(again->bundle);
    CHECK_FALSE(again->too_old);
    CHECK(fs::exists(again->bundle->payload));
}

TEST_CASE("What is sent once more stays noted for the batch that noted it first", "[client]") {
    const Office office;
    {
        auto upload = office.uploads.open(office.name());
        REQUIRE(ok(upload));
        CHECK_FALSE(upload->of_batch);
        office.pack_into(*upload);
        REQUIRE(ok(office.uploads.save(*upload)));
        REQUIRE(ok(office.uploads.note_accepted(*upload)));
    }
    {
        auto anew = office.uploads.open(office.name());
        REQUIRE(ok(anew));
        CHECK(anew->of_batch);
        REQUIRE(ok(office.uploads.begin_anew(*anew)));
        CHECK_FALSE(anew->accepted); // and a crash comes
    }
    const auto again = office.uploads.open(office.name());
    REQUIRE(ok(again));
    CHECK_FALSE(again->bundle);
    CHECK(again->of_batch);
}

TEST_CASE("A batch that was told is remembered until all of it is forgotten", "[client]") {
    Office office;
    office.settings.user = "KJ000000000001";
    CHECK(office.uploads.load_told(office.settings)->empty());
    const auto name = office.name();
    {
        auto upload = office.uploads.open(name);
        REQUIRE(ok(upload));
        office.pack_into(*upload);
        REQUIRE(ok(office.uploads.save(*upload)));
    }
    const UploadStore::Told told{{name, {protocol::random_uuid()}}};
    REQUIRE(ok(office.uploads.note_told(office.settings, told)));
    const auto found = office.uploads.load_told(office.settings);
    REQUIRE(ok(found));
    REQUIRE(found->size() == 1);
    CHECK(found->at(name).str() == told.at(name).str());
    office.uploads.forget_told(office.settings, *found);
    CHECK(office.uploads.load_told(office.settings)->empty());
    CHECK_FALSE(fs::exists(office.folder.path() / "state" / "uploads" / name));
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
