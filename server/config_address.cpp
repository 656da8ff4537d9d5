#include "server/config_address.hpp"

namespace relay::server {

std::optional<boost::asio::ip::address> address_of(const Endpoint& endpoint) {
    boost::system::error_code failure;
    const auto address =
        boost::asio::ip::make_address(endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host, failure);
    return failure ? std::nullopt : std::optional(address);
}

} // namespace relay::server
