#include "tests/support/postgres_proxy.hpp"

#include <array>
#include <cstring>
#include <filesystem>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace relay::test {

namespace {

constexpr int tick_ms = 5;
constexpr const char* socket_name = "/.s.PGSQL.5432";

sockaddr_un address_of(const std::string& folder) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder + socket_name;
    if (path.size() >= sizeof address.sun_path) {
        throw std::runtime_error("too long a path for a socket: " + path);
    }
    std::memcpy(address.sun_path, path.c_str(), path.size());
    return address;
}

/// False: nothing more comes, or can be sent.
bool forward(int from, int to) {
    std::array<char, 65536> block{};
    const auto got = ::read(from, block.data(), block.size());
    for (ssize_t sent = 0; sent < got;) {
        const auto now = ::send(to, block.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
        if (now <= 0) {
            return false;
        }
        sent += now;
    }
    return got > 0;
}

} // namespace

PostgresProxy::PostgresProxy(const std::string& upstream) : upstream_(upstream) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(folder_.path().string());
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 16) != 0) {
        throw std::runtime_error("the proxy cannot listen");
    }
    acceptor_ = std::thread([this] { accept(); });
}

PostgresProxy::~PostgresProxy() {
    stopping_ = true;
    acceptor_.join();
    while (threads_ > 0) {
        std::this_thread::yield();
    }
    ::close(listener_);
}

std::string PostgresProxy::through(const std::string& url) const {
    std::string changed = url;
    const auto place = changed.find(upstream_);
    return place == std::string::npos ? changed : changed.replace(place, upstream_.size(), folder_.path().string());
}

void PostgresProxy::cut_clients() {
    ++cuts_;
}

void PostgresProxy::accept() {
    while (!stopping_) {
        pollfd ready{listener_, POLLIN, 0};
        if (::poll(&ready, 1, tick_ms) > 0) {
            const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            ++threads_;
            std::thread([this, client] {
                pump(client);
                --threads_;
            }).detach();
        }
    }
}

void PostgresProxy::pump(int client) {
    const int born = cuts_;
    const bool swallows = !swallowing_; // those that come later are not affected
    const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(upstream_);
    bool stands = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    while (stands && !stopping_ && cuts_ == born) {
        const bool silent = swallows && swallowing_;
        std::array<pollfd, 2> ready{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
        if (::poll(ready.data(), silent && swallowed_ ? 1 : 2, tick_ms) <= 0) {
            continue;
        }
        if (ready[0].revents != 0) {
            stands = forward(client, server);
        }
        if (stands && ready[1].revents != 0 && silent) {
            swallowed_ = true;
        } else if (stands && ready[1].revents != 0) {
            stands = forward(server, client);
        }
    }
    ::close(client);
    while (stands && !stopping_ && !ending_servers_) {
        std::this_thread::sleep_for(std::chrono::milliseconds(tick_ms));
    }
    ::close(server);
}

} // namespace relay::test
