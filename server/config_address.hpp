// The address that a configured host stands for: the same one for who listens there and for who asks there.
#pragma once

#include "server/config.hpp"

#include <boost/asio/ip/address.hpp>

#include <optional>

namespace relay::server {

/// An IP address, or `localhost`; other names are not resolved. Nothing: it is neither.
[[nodiscard]] std::optional<boost::asio::ip::address> address_of(const Endpoint& endpoint);

} // namespace relay::server
