#include "server/http/session_peer.hpp"

#include "auth/x509_fields.hpp"
#include "protocol/cms/ber_reader.hpp"

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <algorithm>

namespace relay::server::http {

namespace {

using protocol::Bytes;
using protocol::BytesView;
using protocol::Time;
using protocol::cms::BerReader;

constexpr std::size_t time_size = 8;
constexpr std::size_t head_size = 2 * time_size + 1; // not_before, not_after, size of the user ID

void append_time(Bytes& out, Time time) {
    const auto count = static_cast<std::uint64_t>(time.time_since_epoch().count());
    for (unsigned shift = 64; shift > 0; shift -= 8) {
        out.push_back(static_cast<std::uint8_t>(count >> (shift - 8)));
    }
}

Time read_time(BytesView bytes) {
    std::uint64_t count = 0;
    for (const std::uint8_t byte : bytes.first(time_size)) {
        count = count << 8U | byte;
    }
    return Time(protocol::Duration(static_cast<std::int64_t>(count)));
}

/// What packed_peer() reads; empty for a certificate that cannot be used.
Bytes describe(const X509* certificate) {
    const auto not_before = auth::to_time(X509_get0_notBefore(certificate));
    const auto not_after = auth::to_time(X509_get0_notAfter(certificate));
    const int size = i2d_X509(certificate, nullptr);
    if (!not_before || !not_after || size <= 0) {
        return {};
    }
    const auto name = auth::sole_common_name(X509_get_subject_name(certificate));
    const auto user_id = name ? protocol::UserId::parse(*name) : std::nullopt;
    const auto text = protocol::as_bytes(user_id ? user_id->view() : std::string_view());
    Bytes out;
    out.reserve(head_size + text.size() + static_cast<std::size_t>(size));
    append_time(out, *not_before);
    append_time(out, *not_after);
    out.push_back(static_cast<std::uint8_t>(text.size()));
    out.insert(out.end(), text.begin(), text.end());
    const std::size_t head = out.size();
    out.resize(head + static_cast<std::size_t>(size));
    std::uint8_t* at = out.data() + head;
    return i2d_X509(certificate, &at) == size ? out : Bytes();
}

/// Takes the peer's certificate, its element [3], out of a session's encoding (i2d_SSL_SESSION(3)).
bool cut_certificate(Bytes& encoded) {
    BerReader reader{BytesView(encoded)};
    reader.enter(protocol::cms::tag::sequence);
    while (!reader.at_end() && reader.peek() != protocol::cms::tag::context_constructed(3)) {
        reader.skip();
    }
    const BytesView certificate = reader.skip();
    if (reader.failed()) {
        return false;
    }
    const std::size_t octets = encoded[1] & 0x7FU; // a certificate's size is told in long form
    const std::size_t content = encoded.size() - 2 - octets - certificate.size();
    for (std::size_t i = 0; i < octets; ++i) {
        encoded[1 + octets - i] = static_cast<std::uint8_t>(content >> (8 * i));
    }
    const auto begin = encoded.begin() + (certificate.data() - encoded.data());
    encoded.erase(begin, begin + static_cast<std::ptrdiff_t>(certificate.size()));
    return true;
}

/// OpenSSL drops a certificate only when it decodes a session in another's place.
bool drop_certificate(SSL_SESSION* session) {
    const int size = i2d_SSL_SESSION(session, nullptr);
    Bytes encoded(static_cast<std::size_t>(std::max(size, 0)));
    std::uint8_t* end = encoded.data();
    bool dropped = size > 0 && i2d_SSL_SESSION(session, &end) == size && cut_certificate(encoded);
    const std::uint8_t* begin = encoded.data();
    dropped = dropped && d2i_SSL_SESSION(&session, &begin, static_cast<long>(encoded.size())) != nullptr;
    encoded.resize(static_cast<std::size_t>(std::max(size, 0)));
    OPENSSL_cleanse(encoded.data(), encoded.size()); // the session's secret is in it
    return dropped;
}

} // namespace

std::optional<SessionPeer> pack_peer(SSL_SESSION* session) {
    if (const X509* const certificate = SSL_SESSION_get0_peer(session); certificate != nullptr) {
        const Bytes description = describe(certificate);
        if (description.empty() ||
            SSL_SESSION_set1_ticket_appdata(session, description.data(), description.size()) != 1 ||
            !drop_certificate(session)) {
            return std::nullopt;
        }
    }
    return packed_peer(session);
}

std::optional<SessionPeer> packed_peer(SSL_SESSION* session) {
    void* data = nullptr;
    std::size_t size = 0;
    if (SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 || size <= head_size) {
        return std::nullopt;
    }
    const BytesView all(static_cast<const std::uint8_t*>(data), size);
    const std::size_t name_size = all[head_size - 1];
    if (size <= head_size + name_size) {
        return std::nullopt;
    }
    return SessionPeer{
        read_time(all),
        read_time(all.subspan(time_size)),
        protocol::UserId::parse(protocol::as_text(all.subspan(head_size, name_size))),
        all.subspan(head_size + name_size)};
}

} // namespace relay::server::http
