#include "server/ops/health_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <string>

#include <sys/socket.h>
#include <sys/time.h>

namespace relay::server::ops {

namespace asio = boost::asio;
using asio::ip::tcp;

protocol::Result<void> ask_health(const Endpoint& admin) {
    if (admin.host.empty()) {
        return protocol::errors::unavailable("server.admin_listen is switched off");
    }
    asio::io_context context;
    boost::system::error_code error;
    tcp::socket socket(context);
    const auto address = asio::ip::make_address(admin.host, error);
    if (!error) {
        socket.connect(
            tcp::endpoint(
                address.is_unspecified() ? asio::ip::address(asio::ip::address_v4::loopback()) : address, admin.port
            ),
            error
        );
    }
    if (error) {
        return protocol::errors::unavailable("the admin listener does not answer: " + error.message());
    }
    const timeval limit{3, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    asio::write(
        socket,
        asio::buffer(std::string("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")),
        error
    );
    std::string answer(15, '\0');
    asio::read(socket, asio::buffer(answer), error);
    if (!answer.starts_with("HTTP/1.1 200")) {
        return protocol::errors::unavailable("the admin listener did not answer 200");
    }
    return {};
}

} // namespace relay::server::ops
