#include "tests/support/der_tree.hpp"

#include <stdexcept>
#include <utility>

namespace relay::test {

namespace {

void append_length(Bytes& out, std::size_t size, Lengths lengths) {
    if (lengths == Lengths::shortest && size < 0x80) {
        out.push_back(static_cast<std::uint8_t>(size));
        return;
    }
    unsigned octets = 4;
    while (lengths == Lengths::shortest && octets > 1 && size >> (8U * (octets - 1)) == 0) {
        --octets;
    }
    out.push_back(static_cast<std::uint8_t>(0x80U | octets));
    while (octets-- > 0) {
        out.push_back(static_cast<std::uint8_t>(size >> (8U * octets)));
    }
}

DerNode take_element(BytesView& rest) {
    const auto take = [&rest] {
        if (rest.empty()) {
            throw std::runtime_error("DER was cut");
        }
        const std::uint8_t octet = rest.front();
        rest = rest.subspan(1);
        return octet;
    };
    DerNode node;
    node.tag = take();
    std::size_t size = take();
    if (size >= 0x80) {
        std::size_t octets = size & 0x7FU;
        for (size = 0; octets > 0; --octets) {
            size = size << 8U | take();
        }
    }
    if (size > rest.size()) {
        throw std::runtime_error("DER was cut");
    }
    BytesView inside = rest.first(size);
    rest = rest.subspan(size);
    if (!node.constructed()) {
        node.content = protocol::to_bytes(inside);
    }
    while (node.constructed() && !inside.empty()) {
        node.children.push_back(take_element(inside));
    }
    return node;
}

} // namespace

void DerNode::freeze() {
    for (const DerNode& child : std::exchange(children, {})) {
        const Bytes encoded = child.encode();
        content.insert(content.end(), encoded.begin(), encoded.end());
    }
}

Bytes DerNode::encode(Lengths lengths) const {
    const bool frozen = constructed() && !content.empty();
    lengths = frozen ? Lengths::shortest : lengths;
    Bytes inside = content;
    for (const DerNode& child : children) {
        const Bytes encoded = child.encode(lengths);
        inside.insert(inside.end(), encoded.begin(), encoded.end());
    }
    Bytes out{tag};
    if (lengths == Lengths::indefinite && constructed()) {
        out.push_back(0x80);
        inside.resize(inside.size() + 2);
    } else {
        append_length(out, inside.size(), lengths);
    }
    out.insert(out.end(), inside.begin(), inside.end());
    return out;
}

DerNode parse_der(BytesView der) {
    DerNode node = take_element(der);
    if (!der.empty()) {
        throw std::runtime_error("bytes behind the element");
    }
    return node;
}

DerNode der_primitive(std::uint8_t tag, Bytes content) {
    DerNode node;
    node.tag = tag;
    node.content = std::move(content);
    return node;
}

DerNode der_constructed(std::uint8_t tag, std::vector<DerNode> children) {
    DerNode node;
    node.tag = tag;
    node.children = std::move(children);
    return node;
}

std::vector<DerNode*> all_nodes(DerNode& root) {
    std::vector<DerNode*> nodes{&root};
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        for (DerNode& child : nodes[i]->children) {
            nodes.push_back(&child);
        }
    }
    return nodes;
}

} // namespace relay::test
