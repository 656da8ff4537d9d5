#include "protocol/cms/verifier.hpp"

#include "protocol/cms/openssl.hpp"
#include "protocol/cms/usual_form.hpp"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

namespace relay::protocol::cms {
namespace {

using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;

/// Fetched once: OpenSSL 3.0 otherwise looks the algorithm up, under a lock, for every digest.
const EVP_MD* digest_of(std::size_t bits) {
    static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    static const EVP_MD* const sha384 = EVP_MD_fetch(nullptr, "SHA384", nullptr);
    static const EVP_MD* const sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
    return bits == 256 ? sha256 : bits == 384 ? sha384 : sha512;
}

struct RawDigest {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    [[nodiscard]] BytesView view() const noexcept { return BytesView(bytes).first(size); }
};

/// Of the parts one after the other; empty when OpenSSL cannot.
template <class... Part>
RawDigest digest(std::size_t bits, const Part&... parts) {
    thread_local DigestContextPtr context;
    if (!context) {
        context.reset(EVP_MD_CTX_new());
    }
    RawDigest out;
    bool good = context && EVP_DigestInit_ex2(context.get(), digest_of(bits), nullptr) == 1;
    ((good = good && EVP_DigestUpdate(context.get(), parts.data(), parts.size()) == 1), ...);
    if (!good || EVP_DigestFinal_ex(context.get(), out.bytes.data(), &out.size) != 1) {
        out.size = 0;
    }
    return out;
}

/// Of all that must be the same as in a message that was accepted. Whole elements tell where they end, so that no two
/// different lists of them read alike.
std::optional<Digest> identify(const UsualForm& form) {
    const auto& [first, second, third, fourth] = form.further_attributes; // empty where there are fewer
    const RawDigest id = digest(
        256,
        form.certificate,
        form.signer,
        form.digest_algorithm,
        form.signature_algorithm,
        first,
        second,
        third,
        fourth
    );
    return Digest::from_bytes(id.view());
}

struct KnownSigner {
    Digest certificate_sha256;
    KeyPtr key;
    KeyContextPtr context; ///< ready to verify
    std::mutex mutex;      ///< guards context

    [[nodiscard]] bool verifies(BytesView signature, BytesView signed_digest) {
        const std::lock_guard lock(mutex);
        return EVP_PKEY_verify(
                   context.get(), signature.data(), signature.size(), signed_digest.data(), signed_digest.size()
               ) == 1;
    }
};
using KnownSignerPtr = std::shared_ptr<KnownSigner>;

/// Null where a signature is verified otherwise than by key and digest alone, or OpenSSL would write the certificate
/// otherwise than it came.
KnownSignerPtr make_known(const UsualForm& form, const SignedContent& judged) {
    if (!std::ranges::equal(form.certificate, judged.signer_certificate)) {
        return nullptr;
    }
    auto known = std::make_shared<KnownSigner>();
    known->certificate_sha256 = judged.signer_sha256;
    const std::uint8_t* at = form.certificate.data();
    const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(form.certificate.size())));
    known->key.reset(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
    const int kind = known->key ? EVP_PKEY_get_base_id(known->key.get()) : EVP_PKEY_NONE;
    if (kind != EVP_PKEY_EC && kind != EVP_PKEY_RSA) {
        return nullptr;
    }
    known->context.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, known->key.get(), nullptr));
    EVP_PKEY_CTX* context = known->context.get();
    const bool good = context != nullptr && EVP_PKEY_verify_init(context) == 1 &&
                      (kind == EVP_PKEY_EC || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1) &&
                      EVP_PKEY_CTX_set_signature_md(context, digest_of(form.digest_bits)) == 1;
    return good ? known : nullptr;
}

} // namespace

/// Two generations: when the younger is full it becomes the older one, and what is asked for moves back.
struct Verifier::State {
    explicit State(std::size_t most) : most_of_generation(std::max<std::size_t>(most / 2, 1)) {}

    [[nodiscard]] KnownSignerPtr find(const Digest& id) {
        {
            const std::shared_lock lock(guard);
            if (const auto found = younger.find(id); found != younger.end()) {
                return found->second;
            }
            if (!older.contains(id)) {
                return nullptr;
            }
        }
        const std::unique_lock lock(guard);
        const auto found = older.find(id);
        if (found == older.end()) {
            return nullptr; // moved or forgotten meanwhile
        }
        KnownSignerPtr known = found->second;
        older.erase(found);
        add_locked(id, known);
        return known;
    }
    void add(const Digest& id, KnownSignerPtr known) {
        const std::unique_lock lock(guard);
        add_locked(id, std::move(known));
    }
    void add_locked(const Digest& id, KnownSignerPtr known) {
        if (younger.size() >= most_of_generation) {
            older = std::move(younger);
            younger.clear();
        }
        younger.insert_or_assign(id, std::move(known));
    }

    const std::size_t most_of_generation;
    std::shared_mutex guard;
    std::unordered_map<Digest, KnownSignerPtr> younger, older;
};

Verifier::Verifier(std::size_t most_signers) : state_(std::make_unique<State>(most_signers)) {
}
Verifier::~Verifier() = default;

std::optional<SignedContent> Verifier::verify_known(BytesView signed_data) {
    const auto form = read_usual_form(signed_data);
    const auto id = form ? identify(*form) : std::nullopt;
    const KnownSignerPtr known = id ? state_->find(*id) : nullptr;
    if (!known) {
        return std::nullopt;
    }
    const RawDigest content = digest(form->digest_bits, form->content);
    if (content.size == 0 || !std::ranges::equal(content.view(), form->message_digest)) {
        return std::nullopt;
    }
    constexpr std::array<std::uint8_t, 1> as_signed{0x31};
    const RawDigest attributes = digest(form->digest_bits, as_signed, form->attributes.subspan(1));
    const ErrorQueueGuard guard;
    if (attributes.size == 0 || !known->verifies(form->signature, attributes.view())) {
        return std::nullopt;
    }
    return SignedContent{to_bytes(form->content), to_bytes(form->certificate), known->certificate_sha256};
}

Result<SignedContent> Verifier::verify(BytesView signed_data) {
    if (auto known = verify_known(signed_data)) {
        return std::move(*known);
    }
    auto judged = cms::verify(signed_data);
    if (judged) {
        const ErrorQueueGuard guard;
        const auto form = read_usual_form(signed_data);
        const auto id = form ? identify(*form) : std::nullopt;
        if (auto known = id ? make_known(*form, *judged) : nullptr) {
            state_->add(*id, std::move(known));
        }
    }
    return judged;
}

} // namespace relay::protocol::cms
