// Bundles, claims and receipts made beforehand: what is measured must not wait for its making.
#pragma once

#include "tests/bench/signer.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace relay::bench {

/// One payload for a recipient, as every bundle to it carries it.
struct Payload {
    std::string bytes;  ///< whole
    std::string base64; ///< empty for several chunks
    std::size_t chunk_size = 0;
    std::vector<std::string> chunk_digests; ///< hex

    /// In one inline chunk of about `size` bytes.
    [[nodiscard]] static std::shared_ptr<const Payload> inline_for(const Identity& recipient, std::size_t size);
    /// In chunks of `chunk_size` bytes, `chunks` of them, the last one not quite full.
    [[nodiscard]] static std::shared_ptr<const Payload>
    chunked_for(const Identity& recipient, std::size_t chunk_size, std::size_t chunks);
};

struct Bundle {
    std::string bundle_id;
    std::string claim_id;
    std::string manifest_base64; ///< signed
    std::string receipt_base64;  ///< signed by the recipient, "stored"; empty when not asked for
    std::shared_ptr<const Payload> payload;

    /// {"signed_manifest":…,"payload":…}
    [[nodiscard]] std::string upload_body() const;
};

/// A UUID v7 of now; unique in this process and, by its random part, elsewhere.
[[nodiscard]] std::string make_uuid();
/// RFC 3339 with seconds.
[[nodiscard]] std::string now_text();

class BundleMaker {
public:
    BundleMaker(const Identity& sender, const Identity& recipient, std::shared_ptr<const Payload> payload);

    [[nodiscard]] Bundle make(bool with_receipt) const;

private:
    [[nodiscard]] std::string manifest(const std::string& bundle_id) const;

    std::string sender_, recipient_;
    Signer sender_signer_, recipient_signer_;
    std::shared_ptr<const Payload> payload_;
    std::string files_;
    std::string payload_member_;
};

} // namespace relay::bench
