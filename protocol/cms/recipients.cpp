#include "protocol/cms/recipients.hpp"

#include "protocol/cms/ber_reader.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace relay::protocol::cms {
namespace {

constexpr std::size_t max_recipients = 20;

// Content octets of the object identifiers.
constexpr std::array<std::uint8_t, 11> id_ct_auth_enveloped_data{
    0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01, 0x17};
constexpr std::array<std::uint8_t, 9> id_data{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01};
constexpr std::array<std::uint8_t, 9> id_aes128_gcm{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x06};
constexpr std::array<std::uint8_t, 9> id_aes256_gcm{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2E};

/// Walks the head once; what is wrong ends up in the reader's reason.
class HeadWalk {
public:
    HeadWalk(BytesView head, std::uint64_t whole_size) : reader_(head, whole_size), whole_size_(whole_size) {}

    Result<PayloadHead> run() {
        const std::optional<std::uint64_t> size = reader_.enter(tag::sequence);
        if (size) {
            expect(*size == whole_size_, "length is not the declared size");
            head_.definite_size = static_cast<std::int64_t>(*size);
        }
        read_oid(id_ct_auth_enveloped_data, "content type is not AuthEnvelopedData");
        reader_.enter(tag::context_constructed(0));
        read_auth_enveloped_data();
        if (reader_.failed()) {
            return Error(ErrorCode::not_encrypted_for_recipient, "CMS head: " + std::string(reader_.reason()));
        }
        return std::move(head_);
    }

private:
    void expect(bool holds, std::string_view otherwise) {
        if (!holds) {
            reader_.fail(otherwise);
        }
    }

    void read_oid(BytesView wanted, std::string_view otherwise) {
        expect(std::ranges::equal(reader_.read(tag::object_identifier), wanted), otherwise);
    }

    void read_auth_enveloped_data() {
        reader_.enter(tag::sequence);
        const BytesView version = reader_.read(tag::integer);
        expect(version.size() == 1 && version[0] == 0, "version of AuthEnvelopedData is not 0");
        if (reader_.peek() == tag::context_constructed(0)) {
            reader_.skip(); // originatorInfo
        }
        reader_.enter(tag::set);
        while (!reader_.at_end()) {
            read_recipient_info();
        }
        reader_.leave();
        expect(!head_.recipients.empty(), "no recipient");
        read_encrypted_content_info();
    }

    void read_recipient_info() {
        switch (reader_.peek()) {
        case tag::sequence:
            read_key_transport();
            break;
        case tag::context_constructed(1):
            read_key_agreement();
            break;
        default:
            reader_.fail("cut, or a recipient that is neither key transport nor key agreement");
        }
    }

    void add(RecipientName name) {
        if (reader_.failed()) {
            return;
        }
        expect(head_.recipients.size() < max_recipients, "too many recipients");
        expect(
            name.key_identifier.empty() ? !name.issuer_der.empty() && !name.serial.empty() : true, "recipient unnamed"
        );
        if (!reader_.failed()) {
            head_.recipients.push_back(std::move(name));
        }
    }

    RecipientName read_issuer_and_serial() {
        RecipientName name;
        reader_.enter(tag::sequence);
        name.issuer_der = to_bytes(reader_.skip(tag::sequence));
        name.serial = to_bytes(reader_.read(tag::integer));
        reader_.leave();
        return name;
    }

    // KeyTransRecipientInfo (RFC 5652 §6.2.1)
    void read_key_transport() {
        reader_.enter(tag::sequence);
        reader_.read(tag::integer);
        RecipientName name;
        if (reader_.peek() == tag::context(0)) {
            name.key_identifier = to_bytes(reader_.read(tag::context(0)));
        } else {
            name = read_issuer_and_serial();
        }
        reader_.skip(tag::sequence); // keyEncryptionAlgorithm
        reader_.read(tag::octet_string);
        reader_.leave();
        add(std::move(name));
    }

    // KeyAgreeRecipientInfo (RFC 5652 §6.2.2)
    void read_key_agreement() {
        reader_.enter(tag::context_constructed(1));
        reader_.read(tag::integer);
        reader_.skip(tag::context_constructed(0)); // originator
        if (reader_.peek() == tag::context_constructed(1)) {
            reader_.skip(); // ukm
        }
        reader_.skip(tag::sequence); // keyEncryptionAlgorithm
        reader_.enter(tag::sequence);
        expect(!reader_.at_end(), "key agreement without a recipient");
        while (!reader_.at_end()) {
            read_recipient_encrypted_key();
        }
        reader_.leave();
        reader_.leave();
    }

    void read_recipient_encrypted_key() {
        reader_.enter(tag::sequence);
        RecipientName name;
        if (reader_.peek() == tag::context_constructed(0)) {
            reader_.enter(tag::context_constructed(0));
            name.key_identifier = to_bytes(reader_.read(tag::octet_string));
            while (!reader_.at_end()) {
                reader_.skip(); // date, other
            }
            reader_.leave();
        } else {
            name = read_issuer_and_serial();
        }
        reader_.read(tag::octet_string);
        reader_.leave();
        add(std::move(name));
    }

    // EncryptedContentInfo (RFC 5652 §6.1) with GCMParameters (RFC 5084 §3.2), up to the content's tag.
    void read_encrypted_content_info() {
        reader_.enter(tag::sequence);
        read_oid(id_data, "content inside is not id-data");
        reader_.enter(tag::sequence);
        const BytesView cipher = reader_.read(tag::object_identifier);
        expect(
            std::ranges::equal(cipher, id_aes256_gcm) || std::ranges::equal(cipher, id_aes128_gcm),
            "cipher is not AES-256-GCM or AES-128-GCM"
        );
        reader_.enter(tag::sequence);
        expect(!reader_.read(tag::octet_string).empty(), "empty nonce");
        if (reader_.peek() == tag::integer) {
            const BytesView tag_length = reader_.read(tag::integer);
            expect(
                tag_length.size() == 1 && tag_length[0] >= 12 && tag_length[0] <= 16,
                "authentication tag is not of 12 to 16 bytes"
            );
        }
        reader_.leave();
        reader_.leave();
        const bool constructed = reader_.peek() == tag::context_constructed(0);
        reader_.read_header(constructed ? tag::context_constructed(0) : tag::context(0));
    }

    BerReader reader_;
    std::uint64_t whole_size_;
    PayloadHead head_;
};

} // namespace

Result<PayloadHead> read_head(BytesView head, std::int64_t whole_size) {
    if (whole_size <= 0) {
        return Error(ErrorCode::not_encrypted_for_recipient, "CMS head: no payload");
    }
    return HeadWalk(head.first(std::min(head.size(), max_head_bytes)), static_cast<std::uint64_t>(whole_size)).run();
}

} // namespace relay::protocol::cms
