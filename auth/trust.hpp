// Whose certificates are accepted: the CAs of tls.client_ca and the CRLs of tls.client_crl.
// A Trust is immutable; a reload makes a new one. Chain verdicts are cached by digest in it.
#pragma once

#include "auth/certificate.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

struct x509_store_st; // X509_STORE, so that OpenSSL stays out of this header
struct x509_store_ctx_st;

namespace relay::auth {

enum class ChainVerdict : std::uint8_t { good, wrong_chain, expired, not_yet_valid, in_crl, weak };
[[nodiscard]] std::string_view to_string(ChainVerdict verdict) noexcept;

class Trust {
public:
    /// Reads PEM files; `crl` may be empty (no revocation by CRL). A CA without a CRL in the file is not checked by
    /// CRL; a CRL past its nextUpdate stays in force. `before`: the Trust that this one replaces, if any, for the
    /// intermediates that came from peers. Error: internal with file and reason.
    [[nodiscard]] static Result<std::shared_ptr<const Trust>>
    load(const std::filesystem::path& client_ca, const std::filesystem::path& crl, const Trust* before = nullptr);
    ~Trust();
    Trust(const Trust&) = delete;
    Trust& operator=(const Trust&) = delete;

    /// The whole chain, dates, CRL, purpose clientAuth and strength, at `now`. The chain's part that does not depend on
    /// time is cached by digest (bounded); thread-safe. `intermediates`: further DER certificates the peer sent. Those
    /// of other good chains are at hand too: TLS brings them once, the chain may be judged again without it.
    [[nodiscard]] ChainVerdict
    verify(const Certificate& certificate, Time now, const std::vector<Bytes>& intermediates = {}) const;

    /// Whether verify() or verify_peer() found this certificate's chain good, and every part of it is in its time
    /// `now`.
    [[nodiscard]] bool is_known_good(const Digest& sha256, Time now) const;

    /// Drops the verdicts kept so far: for a Trust that another one has replaced, and that open connections still hold.
    void forget() const;

    /// For SSL_CTX_set_cert_verify_callback: verifies the peer's chain in `context` by the same rules; false: alert is
    /// set in context.
    [[nodiscard]] bool verify_peer(x509_store_ctx_st* context) const;
    [[nodiscard]] x509_store_st* store() const noexcept;

    /// A CRL of the file is past its nextUpdate (readyz and a metric tell).
    [[nodiscard]] bool crl_overdue(Time now) const noexcept;
    /// DER subjects of the CAs, for the CertificateRequest.
    [[nodiscard]] const std::vector<Bytes>& ca_certificates() const noexcept;

private:
    struct State;
    explicit Trust(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace relay::auth
