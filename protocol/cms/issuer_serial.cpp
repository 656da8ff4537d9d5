#include "protocol/cms/issuer_serial.hpp"

#include <array>

namespace relay::protocol::cms {

namespace {

void update_with_length(Sha256& hash, BytesView bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const std::array<std::uint8_t, 4> length{
        static_cast<std::uint8_t>(size >> 24U),
        static_cast<std::uint8_t>(size >> 16U),
        static_cast<std::uint8_t>(size >> 8U),
        static_cast<std::uint8_t>(size)};
    hash.update(length);
    hash.update(bytes);
}

} // namespace

Digest issuer_serial_digest(BytesView issuer_der, BytesView serial) {
    Sha256 hash;
    update_with_length(hash, issuer_der);
    update_with_length(hash, serial);
    return hash.finish();
}

} // namespace relay::protocol::cms
