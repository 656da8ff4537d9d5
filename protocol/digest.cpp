#include "protocol/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

namespace relay::protocol {

namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

using ContextPtr = std::unique_ptr<EVP_MD_CTX, FreeContext>;

/// Fetched once: OpenSSL 3.0 otherwise looks the algorithm up, under a lock, for every digest.
const EVP_MD* sha256() {
    static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return fetched;
}

void require(bool done) {
    if (!done) {
        throw std::runtime_error("SHA-256 is not to be had from OpenSSL");
    }
}

void start(EVP_MD_CTX* context) {
    require(context != nullptr && EVP_DigestInit_ex2(context, sha256(), nullptr) == 1);
}

Digest end(EVP_MD_CTX* context) {
    Digest digest;
    unsigned int length = 0;
    require(EVP_DigestFinal_ex(context, digest.bytes.data(), &length) == 1 && length == digest.bytes.size());
    return digest;
}

} // namespace

Digest Digest::of(BytesView data) {
    thread_local ContextPtr context;
    if (!context) {
        context.reset(EVP_MD_CTX_new());
    }
    start(context.get());
    require(EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1);
    return end(context.get());
}

std::optional<Digest> Digest::from_hex(std::string_view text) {
    Digest digest;
    return read_hex(text, digest.bytes) ? std::optional(digest) : std::nullopt;
}

std::optional<Digest> Digest::from_bytes(BytesView data) {
    Digest digest;
    if (data.size() != digest.bytes.size()) {
        return std::nullopt;
    }
    std::copy(data.begin(), data.end(), digest.bytes.begin());
    return digest;
}

std::string Digest::hex() const {
    return to_hex(bytes);
}

struct Sha256::Context {
    ContextPtr handle{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    start(context_->handle.get());
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(BytesView data) {
    require(context_ != nullptr && EVP_DigestUpdate(context_->handle.get(), data.data(), data.size()) == 1);
}

Digest Sha256::finish() {
    require(context_ != nullptr);
    const auto context = std::move(context_);
    return end(context->handle.get());
}

bool equal_secrets(BytesView a, BytesView b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace relay::protocol
