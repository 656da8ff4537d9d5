// The peer of a connection as TLS knows it, without decoding its certificate again.
#pragma once

#include "server/http/request.hpp"

struct ssl_st;

namespace relay::server::http {

class TlsPeer final : public Peer {
public:
    /// `ssl` outlives the peer. Nothing when there is no readable client certificate.
    [[nodiscard]] static std::optional<TlsPeer> read(ssl_st* ssl, std::uint64_t trust_generation);
    [[nodiscard]] protocol::Bytes certificate_der() const override;

private:
    explicit TlsPeer(ssl_st* ssl) : ssl_(ssl) {}
    ssl_st* ssl_;
};

} // namespace relay::server::http
