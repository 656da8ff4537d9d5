// The receipt (protocol.md §6): the recipient's signed word that it stored, or cannot use, what it downloaded.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"

#include <optional>
#include <string>

namespace relay::protocol {

enum class Outcome : std::uint8_t { stored, rejected };
[[nodiscard]] std::string_view to_string(Outcome outcome) noexcept;

struct Receipt {
    BundleId bundle_id;
    ClaimId claim_id;
    Outcome outcome = Outcome::stored;
    std::optional<std::string> reason; ///< 1 to 500 Unicode characters, with "rejected" only
    Digest manifest_sha256;
    Time at;
};

/// Errors: bad_receipt with every finding; with `path_id` also where it names another bundle than that one.
/// The manifest's digest is compared by the caller.
[[nodiscard]] Result<Receipt> read_receipt(BytesView bytes, const std::optional<BundleId>& path_id = {});
/// The bytes that are signed (client side).
[[nodiscard]] std::string write_receipt(const Receipt& receipt);

} // namespace relay::protocol
