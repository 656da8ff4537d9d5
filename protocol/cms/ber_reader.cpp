#include "protocol/cms/ber_reader.hpp"

namespace relay::protocol::cms {
namespace {

constexpr std::uint8_t constructed_bit = 0x20;
constexpr std::uint8_t high_tag_number = 0x1F;
constexpr std::uint8_t long_form = 0x80;

} // namespace

BerReader::BerReader(BytesView available, std::uint64_t whole_size) noexcept : bytes_(available) {
    scopes_[0] = Scope{whole_size, false};
    if (available.size() > whole_size) {
        fail("more bytes than declared");
    }
}

void BerReader::fail(std::string_view reason) noexcept {
    if (!failed()) {
        reason_ = reason;
    }
}

std::uint8_t BerReader::peek() const noexcept {
    return failed() || at_end() || position_ >= bytes_.size() ? std::uint8_t{0} : bytes_[position_];
}

bool BerReader::at_end() const noexcept {
    if (failed()) {
        return true;
    }
    if (scope().indefinite && position_ + 2 <= bytes_.size()) {
        return bytes_[position_] == 0 && bytes_[position_ + 1] == 0;
    }
    return position_ >= scope().end;
}

std::uint8_t BerReader::take_octet() noexcept {
    if (failed()) {
        return 0;
    }
    if (position_ >= scope().end) {
        fail("element missing or longer than the one around it");
        return 0;
    }
    if (position_ >= bytes_.size()) {
        fail("cut");
        return 0;
    }
    return bytes_[position_++];
}

std::optional<std::uint64_t> BerReader::take_length(bool constructed) noexcept {
    const std::uint8_t first = take_octet();
    if (first < long_form) {
        return first;
    }
    if (first == long_form) {
        if (!constructed) {
            fail("primitive element of indefinite length");
        }
        return std::nullopt;
    }
    const unsigned octets = first & 0x7FU;
    if (octets > sizeof(std::uint64_t)) {
        fail("length of too many octets");
        return 0;
    }
    std::uint64_t length = 0;
    for (unsigned i = 0; i < octets; ++i) {
        length = (length << 8U) | take_octet();
    }
    return length;
}

BerReader::Header BerReader::take_header() noexcept {
    Header header;
    header.identifier = take_octet();
    if (header.identifier == 0 || (header.identifier & high_tag_number) == high_tag_number) {
        fail("unexpected identifier octet");
        return {};
    }
    header.length = take_length((header.identifier & constructed_bit) != 0);
    if (!failed() && header.length && *header.length > scope().end - position_) {
        fail("element longer than the one around it");
    }
    return header;
}

void BerReader::pass(std::uint64_t size) noexcept {
    if (failed()) {
        return;
    }
    if (size > bytes_.size() - position_) {
        fail("cut");
        return;
    }
    position_ += size;
}

std::optional<std::uint64_t> BerReader::enter(std::uint8_t identifier) noexcept {
    const std::size_t start = position_;
    const Header header = take_header();
    if (failed()) {
        return std::nullopt;
    }
    if (header.identifier != identifier || (identifier & constructed_bit) == 0) {
        fail("unexpected element");
        return std::nullopt;
    }
    if (depth_ + 1 >= max_depth) {
        fail("nested too deeply");
        return std::nullopt;
    }
    const std::uint64_t end = header.length ? position_ + *header.length : scope().end;
    scopes_[++depth_] = Scope{end, !header.length};
    return header.length ? std::optional<std::uint64_t>(end - start) : std::nullopt;
}

void BerReader::leave() noexcept {
    if (failed()) {
        return;
    }
    if (!at_end() || depth_ == 0) {
        fail("element behind the last one expected");
        return;
    }
    if (scope().indefinite) {
        // at_end() is also true where the element around this one ends without end-of-contents octets.
        const std::uint8_t first = take_octet();
        const std::uint8_t second = take_octet();
        if (first != 0 || second != 0) {
            fail("end-of-contents octets missing");
        }
    }
    --depth_;
}

BytesView BerReader::read(std::uint8_t identifier) noexcept {
    const Header header = take_header();
    if (!failed() && (header.identifier != identifier || (identifier & constructed_bit) != 0)) {
        fail("unexpected element");
    }
    const std::size_t start = position_;
    pass(header.length.value_or(0));
    return failed() ? BytesView{} : bytes_.subspan(start, position_ - start);
}

BytesView BerReader::skip() noexcept {
    const std::size_t start = position_;
    std::size_t open = 0; // elements of indefinite length not ended yet
    do {
        if (open > 0 && position_ < bytes_.size() && bytes_[position_] == 0) {
            static_cast<void>(take_octet());
            if (take_octet() != 0) {
                fail("bad end-of-contents octets");
            }
            --open;
            continue;
        }
        const Header header = take_header();
        if (header.length) {
            pass(*header.length);
        } else if (++open >= max_depth) {
            fail("nested too deeply");
        }
    } while (open > 0 && !failed());
    return failed() ? BytesView{} : bytes_.subspan(start, position_ - start);
}

BytesView BerReader::skip(std::uint8_t identifier) noexcept {
    if (!failed() && peek() != identifier) {
        fail(position_ >= bytes_.size() ? "cut" : "unexpected element");
    }
    return failed() ? BytesView{} : skip();
}

void BerReader::read_header(std::uint8_t identifier) noexcept {
    const Header header = take_header();
    if (!failed() && header.identifier != identifier) {
        fail("unexpected element");
    }
}

} // namespace relay::protocol::cms
