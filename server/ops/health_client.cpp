#include "server/ops/health_client.hpp"

#include "server/config_address.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <string>

namespace relay::server::ops {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto patience = std::chrono::seconds(3);
constexpr std::string_view good = "HTTP/1.1 200";

/// One question, step by step; what is not done when its context stops running is not answered.
struct Question {
    void ask(const tcp::endpoint& where) {
        socket.async_connect(where, [this](const error_code& failed) {
            error = failed;
            if (!failed) {
                write();
            }
        });
    }
    void write() {
        asio::async_write(socket, asio::buffer(request), [this](const error_code& failed, std::size_t) {
            if (!failed) {
                read();
            }
        });
    }
    void read() {
        asio::async_read(socket, asio::buffer(answer), [this](const error_code&, std::size_t) {});
    }

    asio::io_context context;
    tcp::socket socket{context};
    std::string request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    std::string answer = std::string(good.size(), '\0');
    error_code error;
};

} // namespace

protocol::Result<void> ask_health(const Endpoint& admin) {
    if (admin.host.empty()) {
        return protocol::errors::unavailable("server.admin_listen is switched off");
    }
    auto address = address_of(admin);
    if (!address) {
        return protocol::errors::unavailable("server.admin_listen: " + admin.host + " is no address");
    }
    if (address->is_unspecified()) {
        address = address->is_v6() ? asio::ip::address(asio::ip::address_v6::loopback())
                                   : asio::ip::address(asio::ip::address_v4::loopback());
    }
    Question question;
    question.ask(tcp::endpoint(*address, admin.port));
    question.context.run_for(patience);
    if (question.error) {
        return protocol::errors::unavailable("the admin listener does not answer: " + question.error.message());
    }
    if (question.answer != good) {
        return protocol::errors::unavailable("the admin listener did not answer 200 in time");
    }
    return {};
}

} // namespace relay::server::ops
