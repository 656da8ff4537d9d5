// DER as a tree that can be changed and written again, rightly or oddly, for tests of structures built wrong on
// purpose.
#pragma once

#include "protocol/bytes.hpp"

#include <cstdint>
#include <vector>

namespace relay::test {

using protocol::Bytes;
using protocol::BytesView;

enum class Lengths : std::uint8_t {
    shortest,   ///< as DER asks
    longest,    ///< four octets each, leading zeros included (BER)
    indefinite, ///< of every constructed element (BER)
};

/// One element. Tags of one octet only.
struct DerNode {
    std::uint8_t tag = 0;
    Bytes content{};                 ///< of a primitive element, or of a frozen one
    std::vector<DerNode> children{}; ///< of a constructed one

    [[nodiscard]] bool constructed() const noexcept { return (tag & 0x20U) != 0; }
    [[nodiscard]] DerNode& operator[](std::size_t n) { return children.at(n); }
    /// From now on this element is written as DER, whatever is asked of what is around it.
    void freeze();
    [[nodiscard]] Bytes encode(Lengths lengths = Lengths::shortest) const;
};

/// The one element that `der` is. Throws std::runtime_error when it is none.
[[nodiscard]] DerNode parse_der(BytesView der);
[[nodiscard]] DerNode der_primitive(std::uint8_t tag, Bytes content);
[[nodiscard]] DerNode der_constructed(std::uint8_t tag, std::vector<DerNode> children);
/// Every node of the tree, the root first; valid until the tree is changed.
[[nodiscard]] std::vector<DerNode*> all_nodes(DerNode& root);

} // namespace relay::test
