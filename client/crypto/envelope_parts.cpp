#include "client/crypto/envelope_parts.hpp"

#include "client/words.hpp"
#include "protocol/cms/recipients.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace relay::client {
namespace {

using protocol::Bytes;
using protocol::BytesView;

constexpr std::size_t window_bytes = 64 * 1024;
constexpr std::array<std::uint8_t, 13> auth_enveloped_data_oid{
    0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01, 0x17};
constexpr std::uint8_t sequence = 0x30;
constexpr std::uint8_t set = 0x31;
constexpr std::uint8_t octet_string = 0x04;
constexpr std::uint8_t constructed_octet_string = 0x24;

struct Header {
    std::uint8_t tag = 0;
    std::size_t header_bytes = 0;
    std::optional<std::uint64_t> size; ///< nothing: indefinite

    [[nodiscard]] bool is_end() const noexcept { return tag == 0 && size == std::uint64_t{0}; }
};

std::optional<Header> read_header(BytesView from) {
    if (from.size() < 2 || (from[0] & 0x1FU) == 0x1FU) {
        return std::nullopt;
    }
    Header header{from[0], 2, from[1]};
    if (from[1] == 0x80) {
        header.size.reset();
        return (from[0] & 0x20U) != 0 ? std::optional(header) : std::nullopt;
    }
    if (from[1] > 0x80) {
        const std::size_t count = from[1] & 0x7FU;
        if (count > 7 || from.size() < 2 + count) {
            return std::nullopt;
        }
        header.header_bytes += count;
        std::uint64_t size = 0;
        for (const auto byte : from.subspan(2, count)) {
            size = size << 8U | byte;
        }
        header.size = size;
    }
    return header;
}

/// Bytes of the whole element at the front of `from`, which must hold all of it.
std::optional<std::size_t> whole_size(BytesView from, int depth = 0) {
    const auto header = read_header(from);
    if (!header || depth > 16) {
        return std::nullopt;
    }
    if (header->size) {
        if (*header->size > from.size() - header->header_bytes) {
            return std::nullopt;
        }
        return header->header_bytes + static_cast<std::size_t>(*header->size);
    }
    std::size_t at = header->header_bytes;
    while (true) {
        const auto inner = read_header(from.subspan(at));
        if (!inner) {
            return std::nullopt;
        }
        if (inner->is_end()) {
            return at + inner->header_bytes;
        }
        const auto size = whole_size(from.subspan(at), depth + 1);
        if (!size) {
            return std::nullopt;
        }
        at += *size;
    }
}

/// Walks over a piece of the file that is in memory. Once something does not fit, nothing fits any more.
class Walker {
public:
    explicit Walker(BytesView bytes) : bytes_(bytes) {}

    void enter(std::uint8_t tag) {
        const auto header = read_header(rest());
        if (!header || header->tag != tag) {
            good_ = false;
            return;
        }
        at_ += header->header_bytes;
    }
    BytesView take() {
        const auto size = whole_size(rest());
        if (!size) {
            good_ = false;
            return {};
        }
        const auto element = rest().first(*size);
        at_ += *size;
        return element;
    }
    [[nodiscard]] std::uint8_t tag() const noexcept { return good_ && at_ < bytes_.size() ? bytes_[at_] : 0; }
    [[nodiscard]] BytesView rest() const noexcept { return good_ ? bytes_.subspan(at_) : BytesView(); }
    [[nodiscard]] std::size_t at() const noexcept { return at_; }
    [[nodiscard]] bool good() const noexcept { return good_; }

private:
    BytesView bytes_;
    std::size_t at_ = 0;
    bool good_ = true;
};

void append(Bytes& to, BytesView bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

Bytes wrap(std::uint8_t tag, const Bytes& content) {
    Bytes element{
        tag,
        0x83,
        static_cast<std::uint8_t>(content.size() >> 16U),
        static_cast<std::uint8_t>(content.size() >> 8U),
        static_cast<std::uint8_t>(content.size())};
    append(element, content);
    return element;
}

struct Head {
    Bytes before;    ///< version to recipientInfos
    Bytes algorithm; ///< contentType and contentEncryptionAlgorithm
    std::uint64_t content_at = 0;
    bool info_is_indefinite = false;
};

std::optional<Head> read_head(BytesView bytes) {
    Head head;
    Walker walker(bytes);
    walker.enter(sequence);
    const auto type = walker.take();
    if (!std::equal(type.begin(), type.end(), auth_enveloped_data_oid.begin(), auth_enveloped_data_oid.end())) {
        return std::nullopt;
    }
    walker.enter(0xA0);
    walker.enter(sequence);
    bool recipients = false;
    while (walker.good() && !recipients) {
        recipients = walker.tag() == set;
        append(head.before, walker.take());
    }
    const auto info = read_header(walker.rest());
    head.info_is_indefinite = info && !info->size;
    walker.enter(sequence);
    append(head.algorithm, walker.take());
    append(head.algorithm, walker.take());
    head.content_at = walker.at();
    return walker.good() ? std::optional(std::move(head)) : std::nullopt;
}

/// Reads headers all over the file through one buffered window.
class HeaderReader {
public:
    HeaderReader(File& file, std::uint64_t file_size) : file_(file), file_size_(file_size) {}

    std::optional<Header> at(std::uint64_t offset) {
        constexpr std::size_t longest_header = 9;
        if (offset < window_at_ || offset + longest_header > window_at_ + window_.size()) {
            const auto size = std::min<std::uint64_t>(offset < file_size_ ? file_size_ - offset : 0, 16 * 1024);
            auto window = file_.read_at(offset, static_cast<std::size_t>(size));
            if (!window) {
                failed_ = window.error();
                return std::nullopt;
            }
            window_ = *std::move(window);
            window_at_ = offset;
        }
        const auto header = read_header(BytesView(window_).subspan(offset - window_at_));
        const bool fits = header && header->size.value_or(0) <= file_size_ - offset - header->header_bytes;
        return fits ? header : std::nullopt;
    }
    /// The disk's fault, when a header could not be read for that.
    [[nodiscard]] const std::optional<Failure>& failed() const noexcept { return failed_; }

private:
    File& file_;
    std::uint64_t file_size_;
    std::optional<Failure> failed_;
    Bytes window_;
    std::uint64_t window_at_ = 0;
};

/// Collects the pieces of [0] IMPLICIT OCTET STRING at `offset`; the offset behind it.
std::optional<std::uint64_t>
collect(HeaderReader& headers, std::uint64_t offset, int depth, std::vector<Segment>& found) {
    const auto header = headers.at(offset);
    if (!header || depth > 4) {
        return std::nullopt;
    }
    const auto begin = offset + header->header_bytes;
    if ((header->tag & 0x20U) == 0) {
        found.push_back({begin, *header->size});
        return begin + *header->size;
    }
    auto at = begin;
    while (!header->size || at < begin + *header->size) {
        const auto inner = headers.at(at);
        if (!inner) {
            return std::nullopt;
        }
        if (!header->size && inner->is_end()) {
            return at + inner->header_bytes;
        }
        if (inner->tag != octet_string && inner->tag != constructed_octet_string) {
            return std::nullopt;
        }
        const auto next = collect(headers, at, depth + 1, found);
        if (!next) {
            return std::nullopt;
        }
        at = *next;
    }
    return at == begin + *header->size ? std::optional(at) : std::nullopt;
}

/// authAttrs, mac and unauthAttrs.
std::optional<Bytes> read_tail(BytesView bytes, bool info_is_indefinite) {
    Walker walker(bytes);
    if (info_is_indefinite) {
        walker.enter(0x00);
    }
    Bytes tail;
    bool mac = false;
    for (const std::uint8_t tag : {std::uint8_t{0xA1}, octet_string, std::uint8_t{0xA2}}) {
        if (walker.tag() == tag) {
            append(tail, walker.take());
            mac = mac || tag == octet_string;
        }
    }
    return mac && walker.good() ? std::optional(std::move(tail)) : std::nullopt;
}

Bytes put_together(const Head& head, const Bytes& tail) {
    Bytes data = head.before;
    append(data, wrap(sequence, head.algorithm));
    append(data, tail);
    Bytes content_info(auth_enveloped_data_oid.begin(), auth_enveloped_data_oid.end());
    append(content_info, wrap(0xA0, wrap(sequence, data)));
    return wrap(sequence, content_info);
}

} // namespace

Outcome<EnvelopeParts> read_envelope_parts(File& file) {
    const auto size = file.size();
    if (!size) {
        return size.error();
    }
    const auto first = file.read_at(0, static_cast<std::size_t>(std::min<std::uint64_t>(*size, window_bytes)));
    if (!first) {
        return first.error();
    }
    // Cipher and kinds of recipients are judged by the same rules as at the relay.
    const auto allowed = protocol::cms::read_head(*first, static_cast<std::int64_t>(*size));
    if (!allowed) {
        return content_failure(words(
            "the payload is not encrypted as the protocol asks: {0}",
            "データの暗号化の形式が正しくありません: {0}",
            {allowed.error().cause}
        ));
    }
    const auto head = read_head(*first);
    EnvelopeParts parts;
    HeaderReader headers(file, *size);
    const auto content_tag = head ? headers.at(head->content_at) : std::nullopt;
    const bool has_content = content_tag && (content_tag->tag == 0x80 || content_tag->tag == 0xA0);
    const auto behind = has_content ? collect(headers, head->content_at, 0, parts.segments) : std::nullopt;
    if (headers.failed()) {
        return *headers.failed();
    }
    if (!behind) {
        return content_failure(words(
            "the payload is no readable CMS AuthEnvelopedData", "データをCMS（AuthEnvelopedData）として読めません"
        ));
    }
    const auto last =
        file.read_at(*behind, static_cast<std::size_t>(std::min<std::uint64_t>(*size - *behind, window_bytes)));
    if (!last) {
        return last.error();
    }
    const auto tail = read_tail(*last, head->info_is_indefinite);
    if (!tail) {
        return content_failure(words("the payload has no authentication tag", "データに認証タグがありません"));
    }
    parts.structure = put_together(*head, *tail);
    return parts;
}

} // namespace relay::client
