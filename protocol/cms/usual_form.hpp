// The DER form in which practically every client signs (`openssl cms -sign -cades`, our own sign()), cut into its parts
// without decoding them. Used by Verifier alone, which trusts a part only when it is byte for byte the same as in a
// message that OpenSSL's full path accepted.
#pragma once

#include "protocol/bytes.hpp"

#include <array>
#include <cstddef>
#include <optional>

namespace relay::protocol::cms {

/// Views into the SignedData. Unless said otherwise each is a whole element, with tag and length.
struct UsualForm {
    BytesView content;          ///< the encapsulated octets alone
    BytesView certificate;      ///< the only one
    BytesView signer;           ///< IssuerAndSerialNumber
    BytesView digest_algorithm; ///< the same bytes stand in digestAlgorithms
    BytesView signature_algorithm;
    BytesView attributes;     ///< with the tag [0]; the signature is over the same bytes with the tag SET
    BytesView message_digest; ///< octets alone
    BytesView signature;      ///< octets alone
    std::size_t digest_bits = 0;

    /// Attributes besides content-type, message-digest and signing-time, in their order; empty where there are fewer.
    std::array<BytesView, 4> further_attributes{};
    std::size_t further_count = 0;
};

/// Nothing for any other form, good or bad: lengths that are not the shortest, more or fewer parts than usual, other
/// algorithms than PKCS #1 v1.5 and ECDSA over SHA-2. Reads every byte at most once and allocates nothing.
[[nodiscard]] std::optional<UsualForm> read_usual_form(BytesView signed_data) noexcept;

} // namespace relay::protocol::cms
