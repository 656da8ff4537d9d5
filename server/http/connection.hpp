// One HTTPS connection: handshake, then request after request, then the end. One coroutine on one io_context.
#pragma once

#include "server/http/message_reader.hpp"
#include "server/http/pipeline.hpp"
#include "server/http/response_writer.hpp"
#include "server/http/timed_stream.hpp"
#include "server/http/tls_peer.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <unordered_set>

namespace relay::server::http {

/// What all connections of a server share. `surroundings` are used by running coroutines only, never by destructors.
struct ServerCore {
    explicit ServerCore(const Surroundings& all) : surroundings(all), pipeline(surroundings) {}
    Surroundings surroundings;
    Pipeline pipeline;
    std::atomic<int> connections{0};
};

class Connection;

/// The connections of one io_context; used on it only.
struct ConnectionSet {
    ConnectionSet(std::shared_ptr<ServerCore> shared, SteadyClock::time_point now)
        : core(std::move(shared)),
          wheel(now) {}
    std::shared_ptr<ServerCore> core;
    DeadlineWheel wheel;
    std::unordered_set<Connection*> all;
    bool draining = false;
};

class Connection final {
public:
    Connection(TlsStream::Socket socket, std::shared_ptr<ConnectionSet> set);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] Awaitable<void> run();
    /// Ends now when idle, else after the answer that is under way.
    void drain() noexcept;
    void abort() noexcept { stream_.abort(); }

private:
    /// False: it failed; an alert has been sent.
    [[nodiscard]] Awaitable<bool> shake_hands();
    /// Waits for the first byte of a request. False: the connection is over.
    [[nodiscard]] Awaitable<bool> wait_for_request(bool first);
    /// One request and its answer. False: the connection is over.
    [[nodiscard]] Awaitable<bool> serve();
    [[nodiscard]] Awaitable<bool> read_request(Exchange& exchange, MessageBody& body);
    [[nodiscard]] Awaitable<bool>
    write_answer(const Exchange& exchange, bool body_complete, Response response, std::int64_t taken_before);

    std::shared_ptr<ConnectionSet> set_; // first: the wheel outlives the stream
    std::uint64_t trust_generation_;
    TimedStream stream_;
    MessageReader reader_;
    std::optional<TlsPeer> peer_;
    bool idle_ = false;
};

} // namespace relay::server::http
