// The country's offices as one process plays a part of them: parked long polls that come back whatever happens, and
// deliveries among them.
#pragma once

#include "tests/bench/load.hpp"

#include <optional>

namespace relay::bench {

/// One office's terminal: a connection, and what it is doing for a delivery.
struct Terminal {
    enum class Step : std::uint8_t { poll, claim, receipt };

    Terminal(Loop& loop, SSL_CTX* context, std::size_t n) : connection(loop, context), number(n) {}

    Connection connection;
    std::size_t number;
    Step step = Step::poll;
    std::optional<Bundle> delivery; ///< under way; it outlives the connections of both ends
    std::string etag;
    bool parked = false; ///< its poll was sent; of a sender: it may send
    bool handshaking = false;
};

/// What was counted since it was last told.
struct CountryCounts {
    std::uint64_t started = 0, accepted = 0, done = 0, refused = 0, unavailable = 0, lost_connections = 0, resumed = 0;
    Latencies wake{}, whole{};
};

class Country {
public:
    explicit Country(Bench& bench);

    void open_all();
    /// Begins deliveries at the rate of the options; ended by stop().
    void deliver();
    void stop() { delivering_ = false; }
    /// All connections at once, as when the network is cut; they come back by themselves.
    void cut();
    /// Figures now; those of CountryCounts begin anew when `anew` is true.
    [[nodiscard]] nlohmann::json status(bool anew);

private:
    void open_next();
    void open(Terminal& terminal);
    void on_open(Terminal& terminal, bool good);
    void go_on(Terminal& terminal);
    void lost(Terminal& terminal);
    void again(Terminal& terminal, const Answer& answer, const char* what);
    void park(Terminal& terminal);
    void on_poll(Terminal& terminal, const Answer& answer);
    void claim(Terminal& terminal);
    void confirm(Terminal& terminal);
    void upload(std::size_t sender, Terminal& recipient);
    void tick();
    [[nodiscard]] bool is_sender(const Terminal& terminal) const { return terminal.number < senders_; }

    Bench& bench_;
    std::deque<Terminal> terminals_; ///< the first `senders_` of them send
    std::size_t senders_;
    std::deque<Terminal*> to_open_;
    std::size_t handshakes_ = 0;                       ///< under way
    std::vector<std::unique_ptr<BundleMaker>> makers_; ///< for the first recipients
    std::vector<Terminal*> sending_;                   ///< to whom each sender sends at the moment
    std::size_t next_ = 0;
    bool delivering_ = false;
    Clock::time_point next_tick_;
    CountryCounts counts_;
};

} // namespace relay::bench
