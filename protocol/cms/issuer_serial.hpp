// A certificate's name by issuer and serial number, as one digest: registration and the look-up of RecipientInfos
// must reckon it alike, so it stands here once.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"

namespace relay::protocol::cms {

/// SHA-256 over the issuer Name as encoded and the content octets of the serial number, each behind its length as
/// four bytes, most significant first.
[[nodiscard]] Digest issuer_serial_digest(BytesView issuer_der, BytesView serial);

} // namespace relay::protocol::cms
