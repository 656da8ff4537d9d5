#include "tests/unit/server/tls_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace relay::test {

TlsClient::TlsClient(std::uint16_t port, const TestCertificate* certificate, SSL_SESSION* session)
    : context_(SSL_CTX_new(TLS_client_method())) {
    const std::array<unsigned char, 9> alpn{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(context_.get(), alpn.data(), alpn.size());
    SSL_CTX_set_options(context_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (certificate != nullptr) {
        SSL_CTX_use_certificate(context_.get(), certificate->certificate.get());
        SSL_CTX_use_PrivateKey(context_.get(), certificate->key.get());
    }
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const timeval patience{5, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(socket_);
        throw std::runtime_error("cannot connect");
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_);
    if (session != nullptr) {
        SSL_set_session(ssl_.get(), session);
    }
    if (SSL_connect(ssl_.get()) != 1) {
        const std::string why = ERR_reason_error_string(ERR_peek_last_error());
        ERR_clear_error();
        ssl_.reset();
        ::close(socket_);
        throw std::runtime_error(why);
    }
}

TlsClient::~TlsClient() {
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN);
    ssl_.reset();
    ::close(socket_);
}

bool TlsClient::send(const std::string& bytes) {
    std::size_t put = 0;
    const bool whole = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &put) == 1;
    ERR_clear_error();
    return whole;
}

bool TlsClient::read_more() {
    std::array<char, 16384> piece{};
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), piece.data(), piece.size(), &got);
    if (result != 1) {
        last_error_ = SSL_get_error(ssl_.get(), result);
        ERR_clear_error();
        return false;
    }
    received_.append(piece.data(), got);
    return true;
}

Answer TlsClient::receive(bool head_only) {
    Answer answer;
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
        if (!read_more()) {
            return answer;
        }
    }
    const std::string head = received_.substr(0, end + 2);
    received_.erase(0, end + 4);
    std::size_t at = head.find("\r\n") + 2;
    while (at < head.size()) {
        const std::size_t line_end = head.find("\r\n", at);
        const std::size_t colon = head.find(": ", at);
        answer.fields[head.substr(at, colon - at)] = head.substr(colon + 2, line_end - colon - 2);
        at = line_end + 2;
    }
    const auto length = answer.fields.find("Content-Length");
    const std::size_t size = head_only || length == answer.fields.end() ? 0 : std::stoul(length->second);
    while (received_.size() < size) {
        if (!read_more()) {
            return answer;
        }
    }
    answer.body = received_.substr(0, size);
    received_.erase(0, size);
    answer.status = std::stoi(head.substr(9, 3));
    return answer;
}

std::size_t TlsClient::receive_some(std::size_t wanted) {
    while (received_.size() < wanted && read_more()) {
    }
    return received_.size();
}

bool TlsClient::ended() {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    const bool more = read_more();
    return !more && std::chrono::steady_clock::now() < give_up;
}

bool TlsClient::ended_cleanly() {
    return ended() && (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0 &&
           last_error_ == SSL_ERROR_ZERO_RETURN;
}

bool TlsClient::resumed() const {
    return SSL_session_reused(ssl_.get()) == 1;
}

ClientSession TlsClient::session() const {
    return ClientSession(SSL_get1_session(ssl_.get()));
}

std::string TlsClient::protocol() const {
    const unsigned char* name = nullptr;
    unsigned int length = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &length);
    return {reinterpret_cast<const char*>(name), length};
}

} // namespace relay::test
