// The short way of verifying against the full one. Changing bytes of a message only breaks its signature, so the input
// is a program instead: it rearranges a good message as a tree, which is then signed again by the same key. Whatever
// the short way accepts, the full path must accept with the same result.
#include "protocol/cms/verifier.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/support/test_pki.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace relay::fuzz {

namespace {

using protocol::Bytes;
using protocol::BytesView;
using protocol::cms::Verifier;

/// An element of BER; what is constructed has children, all else octets.
struct Element {
    std::uint8_t tag = 0;
    std::uint8_t form = 0; ///< of the length: 0 the shortest, 1 longer than needed, 2 indefinite
    Bytes octets;
    std::vector<Element> children;
    [[nodiscard]] bool constructed() const { return (tag & 0x20U) != 0; }
};

void append_length(Bytes& out, std::size_t length, std::uint8_t form) {
    if (form == 0 && length < 0x80) {
        out.push_back(static_cast<std::uint8_t>(length));
        return;
    }
    const std::uint8_t octets = form != 0 ? 3 : length > 0xffff ? 3 : length > 0xff ? 2 : 1;
    out.push_back(static_cast<std::uint8_t>(0x80U | octets));
    for (int i = octets - 1; i >= 0; --i) {
        out.push_back(static_cast<std::uint8_t>(length >> (8U * static_cast<unsigned>(i))));
    }
}

void append(Bytes& out, const Element& element, bool shortest) {
    Bytes inside = element.octets;
    for (const Element& child : element.children) {
        append(inside, child, shortest);
    }
    const std::uint8_t form = shortest ? 0 : element.form;
    out.push_back(element.tag);
    if (form == 2 && element.constructed()) {
        out.push_back(0x80);
        inside.insert(inside.end(), {0, 0});
    } else {
        append_length(out, inside.size(), form);
    }
    out.insert(out.end(), inside.begin(), inside.end());
}

/// `der` is what OpenSSL wrote.
std::vector<Element> parse(BytesView der) {
    std::vector<Element> all;
    while (!der.empty()) {
        Element element;
        element.tag = der[0];
        std::size_t header = 2;
        std::size_t length = der[1];
        if (length >= 0x80) {
            const std::size_t octets = length & 0x7fU;
            length = 0;
            for (; header < 2 + octets; ++header) {
                length = length << 8U | der[header];
            }
        }
        const BytesView inside = der.subspan(header, length);
        if (element.constructed()) {
            element.children = parse(inside);
        } else {
            element.octets = protocol::to_bytes(inside);
        }
        all.push_back(std::move(element));
        der = der.subspan(header + length);
    }
    return all;
}

struct Message {
    const test::TestCertificate* signer;
    Element root;
};

const std::array<Message, 3>& good_messages() {
    static const auto p256 = test::make_certificate({});
    static const auto rsa = test::make_certificate({.key = test::KeyKind::rsa2048});
    const auto make = [](const test::TestCertificate& signer, unsigned flags) {
        const protocol::cms::BioPtr input = protocol::cms::open_bio(protocol::as_bytes("content"));
        const protocol::cms::CmsPtr cms(
            CMS_sign(signer.certificate.get(), signer.key.get(), nullptr, input.get(), flags | CMS_CADES | CMS_BINARY)
        );
        require(cms != nullptr, "OpenSSL signs");
        const protocol::cms::BioPtr out(BIO_new(BIO_s_mem()));
        i2d_CMS_bio(out.get(), cms.get());
        return Message{&signer, parse(test::take_bytes(out.get())).at(0)};
    };
    static const std::array<Message, 3> all{make(p256, CMS_NOSMIMECAP), make(p256, 0), make(rsa, CMS_NOSMIMECAP)};
    return all;
}

/// All elements, with the list that each stands in.
struct Place {
    std::vector<Element>* list;
    std::size_t at;
    [[nodiscard]] Element& element() const { return (*list)[at]; }
};

void collect(std::vector<Element>& list, std::vector<Place>& into) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        into.push_back({&list, i});
        collect(list[i].children, into);
    }
}

/// One step: what, which element, with what. Elements of the certificate count too.
void rearrange(Element& root, BytesView step) {
    std::vector<Place> places;
    collect(root.children, places);
    if (places.empty() || places.size() > 2000) {
        return;
    }
    const Place place = places[step[1] % places.size()];
    Element& element = place.element();
    const auto at = place.list->begin() + static_cast<std::ptrdiff_t>(place.at);
    switch (step[0] & 7U) {
    case 0:
        element.tag = static_cast<std::uint8_t>((step[2] & 0xdfU) | (element.tag & 0x20U));
        break;
    case 1:
        element.form = step[2] % 3;
        break;
    case 2: {
        const Element copy = element;
        place.list->insert(at, copy);
        break;
    }
    case 3:
        place.list->erase(at);
        break;
    case 4:
        std::swap(element, (*place.list)[step[2] % place.list->size()]);
        break;
    case 5:
        if (!element.octets.empty()) {
            element.octets[step[2] % element.octets.size()] = step[3];
        }
        break;
    case 6:
        if (!element.constructed()) {
            element.octets.resize(element.octets.size() / 2 + step[2] % 32, step[3]);
        }
        break;
    default: {
        const Element copy = places[step[2] % places.size()].element();
        place.list->insert(at, copy);
    }
    }
}

Element* child(Element* parent, std::uint8_t tag, bool last = false) {
    if (parent == nullptr) {
        return nullptr;
    }
    auto& all = parent->children;
    const auto matches = [tag](const Element& e) { return e.tag == tag; };
    if (last) {
        const auto found = std::find_if(all.rbegin(), all.rend(), matches);
        return found == all.rend() ? nullptr : &*found;
    }
    const auto found = std::find_if(all.begin(), all.end(), matches);
    return found == all.end() ? nullptr : &*found;
}

const EVP_MD* digest_named(Element* signer) {
    const auto is_sha2 = [](const Element& e) {
        return e.tag == 0x30 && !e.children.empty() && e.children[0].octets.size() == 9 &&
               e.children[0].octets[0] == 0x60;
    };
    const auto found = std::find_if(signer->children.begin(), signer->children.end(), is_sha2);
    const int which = found == signer->children.end() ? 1 : found->children[0].octets[8];
    return which == 2 ? EVP_sha384() : which == 3 ? EVP_sha512() : EVP_sha256();
}

Bytes digest(const EVP_MD* algorithm, BytesView data) {
    Bytes out(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    EVP_Digest(data.data(), data.size(), out.data(), &size, algorithm, nullptr);
    out.resize(size);
    return out;
}

/// Puts the content's digest into its attribute, and a signature over the attributes into its place, where they are:
/// over their bytes as they stand, or in the shortest form.
void sign_again(Message& message, bool shortest) {
    Element* data = child(child(&message.root, 0xa0), 0x30);
    Element* signer = child(child(data, 0x31, true), 0x30);
    Element* attributes = child(signer, 0xa0);
    Element* signature = child(signer, 0x04, true);
    if (attributes == nullptr || signature == nullptr) {
        return;
    }
    const EVP_MD* algorithm = digest_named(signer);
    Element* content = child(child(child(data, 0x30), 0xa0), 0x04);
    for (Element& attribute : attributes->children) {
        const auto& parts = attribute.children;
        const bool is_digest =
            parts.size() == 2 && parts[0].octets.size() == 9 && parts[0].octets[0] == 0x2a && parts[0].octets[8] == 4;
        if (is_digest && content != nullptr && !parts[1].children.empty()) {
            attribute.children[1].children[0].octets = digest(algorithm, content->octets);
        }
    }
    Element as_signed = *attributes;
    as_signed.tag = 0x31;
    Bytes bytes;
    append(bytes, as_signed, shortest);
    const std::unique_ptr<EVP_MD_CTX, protocol::cms::Deleter<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    std::size_t size = 512;
    signature->octets.resize(size);
    EVP_DigestSignInit(context.get(), nullptr, algorithm, nullptr, message.signer->key.get());
    EVP_DigestSign(context.get(), signature->octets.data(), &size, bytes.data(), bytes.size());
    signature->octets.resize(size);
}

Bytes encode(const Message& message) {
    Bytes out;
    append(out, message.root, false);
    return out;
}

void compare(Verifier& verifier, BytesView message) {
    const auto known = verifier.verify_known(message);
    if (!known) {
        return;
    }
    const auto full = protocol::cms::verify(message);
    require(full.has_value(), "the short way accepts only what the full path accepts");
    require(full->content == known->content, "both ways read the same content");
    require(full->signer_certificate == known->signer_certificate, "both ways name the same certificate");
    require(full->signer_sha256 == known->signer_sha256, "both ways name the same signer");
}

Verifier& usual_signers() {
    static Verifier verifier;
    static const bool primed = [] {
        for (const Message& good : good_messages()) {
            require(verifier.verify(encode(good)).has_value(), "the full path accepts what OpenSSL signed");
            require(verifier.verify_known(encode(good)).has_value(), "the short way then knows it");
        }
        return true;
    }();
    static_cast<void>(primed);
    return verifier;
}

} // namespace

void judge(BytesView input) {
    if (input.empty()) {
        return;
    }
    const std::uint8_t how = input[0];
    Message message = good_messages()[how % 3];
    Verifier fresh;
    const BytesView steps = input.subspan(1);
    const std::size_t count = std::min<std::size_t>(steps.size() / 4, 12);
    for (std::size_t i = 0; i < count; ++i) {
        rearrange(message.root, steps.subspan(i * 4, 4));
        if ((steps[i * 4] & 0x80U) != 0) {
            sign_again(message, (how & 0x40U) != 0);
            static_cast<void>(fresh.verify(encode(message))); // may become known as it stands halfway
        }
    }
    sign_again(message, (how & 0x80U) != 0);
    const Bytes bytes = encode(message);
    require(
        count > 0 || usual_signers().verify_known(bytes).has_value(), "what is only signed again goes the short way"
    );
    compare(usual_signers(), bytes);
    compare(fresh, bytes);
}

} // namespace relay::fuzz
