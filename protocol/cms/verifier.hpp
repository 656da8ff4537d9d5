// Signatures of signers that were seen before, without decoding their certificates again: one public-key operation.
#pragma once

#include "protocol/cms/signed_data.hpp"

#include <cstddef>
#include <memory>
#include <optional>

namespace relay::protocol::cms {

/// Thread-safe. Keeps, for a bounded number of signers, the public key and the SHA-256 of everything in a message but
/// content, digest, time and signature: certificate, algorithms, signer's name, further attributes. A later message
/// with the very same bytes needs no other judgement on them. Whether a signer may sign is not asked here, as in
/// verify(), so there is nothing in it that could grow stale.
class Verifier {
public:
    /// About 3 KiB each; those not seen for longest are forgotten.
    explicit Verifier(std::size_t most_signers = 16'384);
    ~Verifier();
    Verifier(const Verifier&) = delete;
    Verifier& operator=(const Verifier&) = delete;

    /// What cms::verify() says of it, by the short way where that accepts.
    [[nodiscard]] Result<SignedContent> verify(BytesView signed_data);
    /// By the short way alone; nothing where cms::verify() must judge. Never accepts what that would refuse.
    [[nodiscard]] std::optional<SignedContent> verify_known(BytesView signed_data);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace relay::protocol::cms
