// Payloads and covers: CMS AuthEnvelopedData with AES-256-GCM (RFC 5083, 5084), in bounded memory whatever the size.
#pragma once

#include "client/crypto/certificates.hpp"
#include "client/failure.hpp"
#include "client/files.hpp"
#include "protocol/bytes.hpp"

#include <functional>
#include <vector>

namespace relay::client {

/// Gives the plain bytes, at least one, to the sink, piece by piece.
using Produce = std::function<Outcome<void>(const Sink& sink)>;

/// Encrypts what `produce` gives for all recipients (RSA: OAEP with SHA-256; EC: ECDH with SHA-256) into a new file.
[[nodiscard]] Outcome<void>
encrypt_to_file(const fs::path& to, const std::vector<Certificate>& recipients, const Produce& produce);
/// The same for a few bytes.
[[nodiscard]] Outcome<protocol::Bytes>
encrypt_bytes(const std::vector<Certificate>& recipients, protocol::BytesView plain);

/// What may open an envelope: the office's key of today first, then those of certificates that it had before. All of
/// them must outlive it.
class Keys {
public:
    Keys(const Identity& own, const std::vector<Identity>& old = {}); // NOLINT: an identity alone will do
    [[nodiscard]] const std::vector<const Identity*>& all() const noexcept { return all_; }

private:
    std::vector<const Identity*> all_;
};

/// Decrypts into `to`, which appears only once the authentication tag is known to be good; until then the bytes stand
/// in `to` + ".part". Failures: content_failure; other_certificate when it is encrypted for other certificates alone,
/// and none of the keys opens it; a local failure when disk or memory are to blame.
[[nodiscard]] Outcome<void>
decrypt_file(const fs::path& from, const fs::path& to, const Keys& keys, const Meter& meter);
/// The same for a few bytes.
[[nodiscard]] Outcome<protocol::Bytes> decrypt_bytes(protocol::BytesView envelope, const Keys& keys);

} // namespace relay::client
