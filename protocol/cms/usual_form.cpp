#include "protocol/cms/usual_form.hpp"

#include "protocol/cms/ber_reader.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace relay::protocol::cms {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t max_signed_data = 1024 * 1024; // as verify() has it

constexpr std::uint8_t utc_time = 0x17;

// Whole elements.
constexpr auto signed_data_type = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"sv;
constexpr auto data_type = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"sv;
constexpr auto version_one = "\x02\x01\x01"sv;
constexpr auto content_type_attribute = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"sv;
constexpr auto message_digest_attribute = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"sv;
constexpr auto signing_time_attribute = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05"sv;

/// 2.16.840.1.101.3.4.2.{1,2,3}
constexpr auto sha2 = "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02"sv;
/// 1.2.840.10045.4.3.{2,3,4} (ECDSA with SHA-2) and 1.2.840.113549.1.1.{1,11,12,13} (RSA, PKCS #1 v1.5).
constexpr auto ecdsa = "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03"sv;
constexpr auto rsa = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"sv;

bool is(BytesView element, std::string_view expected) noexcept {
    return as_text(element) == expected;
}

/// Forward only, and only elements whose lengths are definite and of the shortest form. After the first thing that is
/// not so, everything is empty.
class Der {
public:
    explicit Der(BytesView bytes) noexcept : rest_(bytes) {}

    /// The next element whole; empty unless it has this tag.
    BytesView whole(std::uint8_t wanted) noexcept {
        const BytesView all = rest_;
        const BytesView inside = content(wanted);
        return good_ ? all.first(all.size() - rest_.size()) : inside;
    }
    /// The content octets of the next element; empty unless it has this tag.
    BytesView content(std::uint8_t wanted) noexcept {
        const auto [header, length] = read_header();
        if (!good_ || rest_[0] != wanted || length > rest_.size() - header) {
            return fail();
        }
        const BytesView inside = rest_.subspan(header, length);
        rest_ = rest_.subspan(header + length);
        return inside;
    }
    Der open(std::uint8_t wanted) noexcept { return Der(content(wanted)).as_good_as(*this); }
    /// The next bytes are these.
    void expect(std::string_view bytes) noexcept {
        if (!as_text(rest_).starts_with(bytes)) {
            fail();
        } else {
            rest_ = rest_.subspan(bytes.size());
        }
    }
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    /// All was as expected, and nothing is left.
    [[nodiscard]] bool ended() const noexcept { return good_ && rest_.empty(); }
    [[nodiscard]] bool good() const noexcept { return good_; }

private:
    BytesView fail() noexcept {
        good_ = false;
        rest_ = {};
        return {};
    }
    Der as_good_as(const Der& other) noexcept {
        good_ = good_ && other.good_;
        return *this;
    }
    /// Sizes of header and content.
    std::pair<std::size_t, std::size_t> read_header() noexcept {
        if (rest_.size() < 2) {
            fail();
            return {};
        }
        const std::size_t first = rest_[1];
        if (first < 0x80) {
            return {2, first};
        }
        const std::size_t octets = first & 0x7fU;
        std::size_t length = 0;
        if (octets == 0 || octets > 3 || rest_.size() < 2 + octets) {
            fail();
            return {};
        }
        for (std::size_t i = 0; i < octets; ++i) {
            length = length << 8U | rest_[2 + i];
        }
        // The shortest form: no leading zero, and a long form only where the short one does not do.
        if (length < 0x80 || rest_[2] == 0) {
            fail();
        }
        return {2 + octets, length};
    }

    BytesView rest_;
    bool good_ = true;
};

/// Bits of the digest of an AlgorithmIdentifier, parameters absent or NULL; 0 for any other algorithm.
std::size_t digest_bits_of(BytesView algorithm) noexcept {
    Der inside = Der(algorithm).open(tag::sequence);
    const BytesView oid = inside.whole(tag::object_identifier);
    if (!inside.at_end()) {
        inside.expect("\x05\x00"sv);
    }
    if (!inside.ended() || oid.size() != sha2.size() + 1 || !is(oid.first(sha2.size()), sha2)) {
        return 0;
    }
    switch (oid.back()) {
    case 1:
        return 256;
    case 2:
        return 384;
    case 3:
        return 512;
    default:
        return 0;
    }
}

/// Whether the padding and everything else follows from key and digest: not so with PSS.
bool is_plain_signature(BytesView algorithm) noexcept {
    Der inside = Der(algorithm).open(tag::sequence);
    const BytesView oid = inside.whole(tag::object_identifier);
    if (!inside.at_end()) {
        inside.expect("\x05\x00"sv);
    }
    if (!inside.ended() || oid.empty()) {
        return false;
    }
    const std::string_view family = as_text(oid.first(oid.size() - 1));
    const std::uint8_t which = oid.back();
    return (family == ecdsa && which >= 2 && which <= 4) ||
           (family == rsa && (which == 1 || (which >= 11 && which <= 13)));
}

/// YYMMDDhhmmssZ of a day that exists.
bool is_utc_time(BytesView text) noexcept {
    constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    std::array<int, 6> parts{};
    if (text.size() != 13 || text[12] != 'Z') {
        return false;
    }
    for (std::size_t i = 0; i < 12; ++i) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        parts[i / 2] = parts[i / 2] * 10 + (text[i] - '0');
    }
    const auto [year, month, day, hour, minute, second] = parts;
    if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    const bool leap_day = month == 2 && year % 4 == 0; // 1950 to 2049: 2000 was a leap year
    return day >= 1 && day <= days[static_cast<std::size_t>(month - 1)] + (leap_day ? 1 : 0);
}

/// The signed attributes, each with one value: the three that differ from message to message exactly once.
bool read_attributes(BytesView attributes, UsualForm& out) noexcept {
    int types = 0;
    int digests = 0;
    int times = 0;
    Der list = Der(attributes).open(tag::context_constructed(0));
    while (!list.at_end()) {
        const BytesView attribute = list.whole(tag::sequence);
        Der inside = Der(attribute).open(tag::sequence);
        const BytesView name = inside.whole(tag::object_identifier);
        Der values = inside.open(tag::set);
        if (is(name, content_type_attribute)) {
            ++types;
            values.expect(data_type);
        } else if (is(name, message_digest_attribute)) {
            ++digests;
            out.message_digest = values.content(tag::octet_string);
        } else if (is(name, signing_time_attribute)) {
            times += is_utc_time(values.content(utc_time)) ? 1 : 2;
        } else if (out.further_count < out.further_attributes.size()) {
            // OpenSSL keeps a SEQUENCE as it is, so that the signature is over these very bytes.
            values.whole(tag::sequence);
            out.further_attributes[out.further_count++] = attribute;
        } else {
            return false;
        }
        if (!inside.ended() || !values.ended()) {
            return false;
        }
    }
    return list.good() && types == 1 && digests == 1 && times == 1;
}

} // namespace

std::optional<UsualForm> read_usual_form(BytesView signed_data) noexcept {
    UsualForm out;
    if (signed_data.size() > max_signed_data) {
        return std::nullopt;
    }
    Der all(signed_data);
    Der info = all.open(tag::sequence);
    info.expect(signed_data_type);
    Der explicitly = info.open(tag::context_constructed(0));
    Der data = explicitly.open(tag::sequence);
    data.expect(version_one);
    const BytesView digest_algorithms = data.content(tag::set);
    Der encapsulated = data.open(tag::sequence);
    encapsulated.expect(data_type);
    Der content = encapsulated.open(tag::context_constructed(0));
    out.content = content.content(tag::octet_string);
    Der certificates = data.open(tag::context_constructed(0));
    out.certificate = certificates.whole(tag::sequence);
    Der signers = data.open(tag::set);
    Der signer = signers.open(tag::sequence);
    signer.expect(version_one);
    out.signer = signer.whole(tag::sequence);
    out.digest_algorithm = signer.whole(tag::sequence);
    out.attributes = signer.whole(tag::context_constructed(0));
    out.signature_algorithm = signer.whole(tag::sequence);
    out.signature = signer.content(tag::octet_string);

    const std::array opened{&all, &info, &explicitly, &data, &encapsulated, &content, &certificates, &signers, &signer};
    const bool whole = std::ranges::all_of(opened, [](const Der* part) { return part->ended(); });
    out.digest_bits = digest_bits_of(out.digest_algorithm);
    if (!whole || !std::ranges::equal(digest_algorithms, out.digest_algorithm) || out.digest_bits == 0 ||
        !is_plain_signature(out.signature_algorithm) || !read_attributes(out.attributes, out)) {
        return std::nullopt;
    }
    return out;
}

} // namespace relay::protocol::cms
