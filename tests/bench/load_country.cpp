#include "tests/bench/load_country.hpp"

#include "protocol/time.hpp"

namespace relay::bench {
namespace {

constexpr std::size_t senders = 20;
constexpr std::size_t most_recipients = 200; ///< who get deliveries: their payloads are sealed beforehand
constexpr std::size_t handshakes_at_once = 24;
/// Of one source address: once half of its ports are taken, the kernel looks longer and longer for a free one.
constexpr std::size_t most_of_an_address = 7000;
constexpr auto pause_after_failure = std::chrono::milliseconds(500);
constexpr auto pause_when_unavailable = std::chrono::seconds(1);

/// The options' source address is 127.0.x.y; further ones differ in the second number.
Target target_for(const Target& target, std::size_t number) {
    constexpr std::string_view net = "127.0.";
    Target own = target;
    if (own.source.starts_with(net)) {
        own.source.replace(0, net.size(), "127." + std::to_string(number / most_of_an_address) + ".");
    }
    return own;
}

} // namespace

Country::Country(Bench& bench) : bench_(bench), senders_(std::min(senders, bench.options.connections / 2)) {
    const auto& o = bench.options;
    bench.identities = read_identities(o.identities, o.first, o.connections);
    for (auto& identity : bench.identities) {
        Terminal& terminal = terminals_.emplace_back(bench.loop, bench.context.get(), terminals_.size());
        terminal.connection.set_identity(&identity);
        terminal.connection.set_on_lost([this, &terminal] { lost(terminal); }); // senders are silent at times
    }
    const auto recipients = std::min(most_recipients, o.connections - senders_);
    for (std::size_t i = 0; i < recipients; ++i) {
        const Identity& recipient = bench.identities[senders_ + i];
        makers_.push_back(std::make_unique<BundleMaker>(
            bench.identities[i % senders_], recipient, Payload::inline_for(recipient, o.payload)
        ));
    }
    sending_.resize(senders_);
}

void Country::open_all() {
    for (auto& terminal : terminals_) {
        to_open_.push_back(&terminal);
    }
    open_next();
}

void Country::open_next() {
    while (handshakes_ < handshakes_at_once && !to_open_.empty()) {
        Terminal& terminal = *to_open_.front();
        to_open_.pop_front();
        open(terminal);
    }
}

void Country::open(Terminal& terminal) {
    if (terminal.handshaking || terminal.connection.is_open()) {
        return;
    }
    terminal.handshaking = true;
    ++handshakes_;
    terminal.connection.open(target_for(bench_.options.target, terminal.number), true, [this, &terminal](bool good) {
        on_open(terminal, good);
    });
}

void Country::on_open(Terminal& terminal, bool good) {
    --handshakes_;
    terminal.handshaking = false;
    if (good) {
        counts_.resumed += terminal.connection.was_resumed() ? 1U : 0U;
        go_on(terminal);
    } else {
        bench_.loop.at(Clock::now() + pause_after_failure, [this, &terminal] {
            to_open_.push_back(&terminal);
            open_next();
        });
    }
    bench_.loop.at(Clock::now(), [this] { open_next(); });
}

/// Whatever the terminal was doing when its connection went.
void Country::go_on(Terminal& terminal) {
    if (is_sender(terminal)) {
        terminal.parked = true;
        if (Terminal* recipient = sending_[terminal.number]; recipient != nullptr) {
            upload(terminal.number, *recipient);
        }
        return;
    }
    switch (terminal.step) {
    case Terminal::Step::poll:
        park(terminal);
        return;
    case Terminal::Step::claim:
        claim(terminal);
        return;
    case Terminal::Step::receipt:
        confirm(terminal);
        return;
    }
}

void Country::lost(Terminal& terminal) {
    ++counts_.lost_connections;
    terminal.parked = false;
    to_open_.push_back(&terminal);
    bench_.loop.at(Clock::now(), [this] { open_next(); });
}

/// What to do after an answer that was not the good one.
void Country::again(Terminal& terminal, const Answer& answer, const char* what) {
    if (answer.status == 0) {
        lost(terminal);
        return;
    }
    if (answer.status == 503) {
        ++counts_.unavailable;
    } else {
        ++counts_.refused;
        bench_.fail(what, answer);
    }
    bench_.loop.at(Clock::now() + pause_when_unavailable, [this, &terminal] {
        if (terminal.connection.is_open()) {
            go_on(terminal);
        } else {
            lost(terminal);
        }
    });
}

void Country::cut() {
    to_open_.clear();
    handshakes_ = 0;
    for (auto& terminal : terminals_) {
        terminal.parked = terminal.handshaking = false;
        terminal.connection.reset();
    }
    open_all();
}

void Country::park(Terminal& terminal) {
    terminal.step = Terminal::Step::poll;
    terminal.parked = true;
    const std::string known = terminal.etag.empty() ? "" : "If-None-Match: " + terminal.etag + "\r\n";
    terminal.connection.send(
        request(terminal.connection.identity(), "GET", "/v1/inbox?limit=1&wait=60", {}, known),
        [this, &terminal](const Answer& answer) { on_poll(terminal, answer); }
    );
}

void Country::on_poll(Terminal& terminal, const Answer& answer) {
    if (answer.status != 200 && answer.status != 304) {
        terminal.parked = false;
        again(terminal, answer, "poll");
        return;
    }
    if (!terminal.delivery || answer.body.find(terminal.delivery->bundle_id) == std::string_view::npos) {
        terminal.etag = answer.field("etag");
        // A server that stops answers its polls and closes: the next one then finds the connection lost.
        bench_.loop.at(Clock::now(), [this, &terminal] {
            terminal.connection.is_open() ? park(terminal) : lost(terminal);
        });
        return;
    }
    terminal.etag.clear();
    constexpr std::string_view name = "\"accepted_at\":\"";
    const auto at = answer.body.find(name);
    const auto text = at == std::string_view::npos ? "" : answer.body.substr(at + name.size(), 24);
    if (const auto time = protocol::parse_rfc3339(text)) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        counts_.wake.add_us(std::chrono::duration<double, std::micro>(now - time->time_since_epoch()).count());
    }
    claim(terminal);
}

void Country::claim(Terminal& terminal) {
    terminal.step = Terminal::Step::claim;
    const Bundle& bundle = *terminal.delivery;
    terminal.connection.send(
        claim_request(terminal.connection.identity(), bundle),
        [this, &terminal](const Answer& answer) {
            answer.status == 200 ? confirm(terminal) : again(terminal, answer, "claim");
        }
    );
}

void Country::confirm(Terminal& terminal) {
    terminal.step = Terminal::Step::receipt;
    const Bundle& bundle = *terminal.delivery;
    terminal.connection.send(
        receipt_request(terminal.connection.identity(), bundle),
        [this, &terminal](const Answer& answer) {
            if (answer.status != 200) {
                again(terminal, answer, "receipt");
                return;
            }
            ++counts_.done;
            terminal.delivery.reset();
            park(terminal);
        }
    );
}

void Country::upload(std::size_t sender, Terminal& recipient) {
    Terminal& terminal = terminals_[sender];
    const Bundle& bundle = *recipient.delivery;
    terminal.connection.send(
        upload_request(terminal.connection.identity(), bundle),
        [this, sender, &terminal](const Answer& answer) {
            if (answer.status != 201 && answer.status != 200) {
                terminal.parked = answer.status != 0;
                again(terminal, answer, "upload");
                return;
            }
            ++counts_.accepted;
            sending_[sender] = nullptr;
        }
    );
}

void Country::deliver() {
    delivering_ = true;
    next_tick_ = Clock::now();
    tick();
}

/// One delivery from the next sender that is free to the next recipient that waits for nothing; none when all are busy.
void Country::tick() {
    if (!delivering_) {
        return;
    }
    for (std::size_t tries = 0; tries < makers_.size(); ++tries, ++next_) {
        const auto n = next_ % makers_.size();
        const auto sender = n % senders_;
        Terminal& recipient = terminals_[senders_ + n];
        if (sending_[sender] == nullptr && terminals_[sender].connection.is_open() && recipient.parked &&
            !recipient.delivery) {
            recipient.delivery = makers_[n]->make(true);
            ++counts_.started;
            sending_[sender] = &recipient;
            upload(sender, recipient);
            ++next_;
            break;
        }
    }
    next_tick_ += std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / bench_.options.rate));
    // After a stop of everything the missed ones are not made up for: the rate is of those who could have sent.
    next_tick_ = std::max(next_tick_, Clock::now() - std::chrono::seconds(1));
    bench_.loop.at(next_tick_, [this] { tick(); });
}

nlohmann::json Country::status(bool anew) {
    std::size_t back = 0;
    std::size_t busy = 0;
    for (const auto& terminal : terminals_) {
        back += terminal.connection.is_open() && (terminal.parked || terminal.delivery) ? 1U : 0U;
        busy += terminal.delivery ? 1U : 0U;
    }
    nlohmann::json figures{
        {"connections", terminals_.size()},
        {"back", back},
        {"under_way", busy},
        {"started", counts_.started},
        {"accepted", counts_.accepted},
        {"done", counts_.done},
        {"refused", counts_.refused},
        {"first_failure", bench_.first_failure},
        {"unavailable", counts_.unavailable},
        {"lost_connections", counts_.lost_connections},
        {"resumed", counts_.resumed},
        {"wake_tenths_ms", counts_.wake.values()}};
    if (anew) {
        counts_ = {};
    } else {
        figures.erase("wake_tenths_ms");
    }
    return figures;
}

} // namespace relay::bench
