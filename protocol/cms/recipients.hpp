// The head of a CMS AuthEnvelopedData (RFC 5083): for whom it is encrypted, read without any key by a bounded walk
// over DER or BER. OpenSSL would need the whole payload; this needs its first 64 KiB.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/error.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace relay::protocol::cms {

/// One RecipientInfo: issuer and serial, or subject key identifier.
struct RecipientName {
    Bytes issuer_der; ///< the Name, as encoded; empty when named by key identifier
    Bytes serial;     ///< content octets of the INTEGER
    Bytes key_identifier;
};

struct PayloadHead {
    std::vector<RecipientName> recipients;     ///< 1 to 20 (one per RecipientEncryptedKey in key agreement)
    std::optional<std::int64_t> definite_size; ///< bytes of the whole structure, when its length is definite
};

inline constexpr std::size_t max_head_bytes = 64 * 1024;

/// `head`: the first bytes of the payload, at most 64 KiB of it are looked at; `whole_size`: bytes of the payload as
/// declared. Error: not_encrypted_for_recipient (content type, cipher other than AES-256-GCM or AES-128-GCM, no or more
/// than 20 recipients, other kinds than key transport and key agreement, a head that is cut or does not end within
/// 64 KiB, a definite length that is not whole_size), the reason in `cause`.
[[nodiscard]] Result<PayloadHead> read_head(BytesView head, std::int64_t whole_size);

} // namespace relay::protocol::cms
