// deliveries: pairs of offices. One sends; the other's parked poll wakes, it claims, confirms by a receipt, and parks
// again. As fast as they go, or at a rate.
#include "protocol/time.hpp"
#include "tests/bench/load.hpp"

namespace relay::bench {
namespace {

using SystemClock = std::chrono::system_clock;

struct Pair {
    Connection* sender = nullptr;
    Connection* recipient = nullptr;
    std::vector<Bundle> bundles;
    std::size_t next = 0;
    std::size_t current = 0;
    std::string etag;     ///< of a page without what it waits for
    bool sent = true;     ///< the current bundle's upload was answered
    bool received = true; ///< its receipt was answered
    bool parked = false;
    const char* step = "none"; ///< what the recipient waits for
    Clock::time_point began, answered;
};

struct Deliveries {
    Bench& bench;
    std::vector<Pair> pairs{};
    Clock::time_point end{};
    std::uint64_t done = 0;
    std::uint64_t skipped = 0; ///< by the rate's clock, because the pair was still busy
    std::size_t busy = 0;
    bool over = false;
    bool warming_up = false;
    Latencies whole{}, upload{}, wake{}, accepted_to_wake{};

    void park(Pair& pair) {
        pair.parked = true;
        pair.step = "poll";
        const std::string known = pair.etag.empty() ? "" : "If-None-Match: " + pair.etag + "\r\n";
        pair.recipient->send(
            request(pair.recipient->identity(), "GET", "/v1/inbox?limit=1&wait=60", {}, known),
            [this, &pair](const Answer& answer) { on_poll(pair, answer); }
        );
    }

    void on_poll(Pair& pair, const Answer& answer) {
        const auto now = Clock::now();
        if (answer.status != 200 && answer.status != 304) {
            if (!over) {
                bench.fail("poll", answer);
            }
            return;
        }
        pair.parked = false;
        const Bundle& bundle = pair.bundles[pair.current];
        if (pair.received || answer.body.find(bundle.bundle_id) == std::string_view::npos) {
            pair.etag = answer.field("etag");
            park(pair);
            return;
        }
        pair.etag.clear(); // it takes what it sees: the next page of interest is the next one that is not empty
        wake.add(std::max(now - (pair.sent ? pair.answered : now), Clock::duration::zero()));
        add_wake(answer.body);
        claim(pair, bundle);
    }

    /// From the database's accepted_at (before the commit, in whole milliseconds): an upper bound of the wake-up.
    void add_wake(std::string_view body) {
        constexpr std::string_view name = "\"accepted_at\":\"";
        const auto at = body.find(name);
        const auto end_quote = at == std::string_view::npos ? at : body.find('"', at + name.size());
        if (end_quote == std::string_view::npos) {
            return;
        }
        const auto time = protocol::parse_rfc3339(body.substr(at + name.size(), end_quote - at - name.size()));
        if (time) {
            const auto now = SystemClock::now().time_since_epoch();
            accepted_to_wake.add_us(std::chrono::duration<double, std::micro>(now - time->time_since_epoch()).count());
        }
    }

    void claim(Pair& pair, const Bundle& bundle) {
        pair.step = "claim";
        pair.recipient->send(
            claim_request(pair.recipient->identity(), bundle),
            [this, &pair, &bundle](const Answer& answer) {
                if (answer.status != 200) {
                    bench.fail("claim", answer);
                }
                confirm(pair, bundle);
            }
        );
    }

    void confirm(Pair& pair, const Bundle& bundle) {
        pair.step = "receipt";
        pair.recipient->send(receipt_request(pair.recipient->identity(), bundle), [this, &pair](const Answer& answer) {
            done += bench.expect("receipt", answer, 200);
            whole.add(Clock::now() - pair.began);
            pair.received = true;
            park(pair);
            finish(pair);
        });
    }

    void finish(Pair& pair) {
        if (!pair.sent || !pair.received) {
            return;
        }
        --busy;
        if (bench.options.rate == 0) {
            send_next(pair);
        }
    }

    bool send_next(Pair& pair) {
        if (Clock::now() >= end || pair.next == pair.bundles.size()) {
            return false;
        }
        ++busy;
        pair.current = pair.next++;
        pair.sent = pair.received = false;
        pair.began = Clock::now();
        const Bundle& bundle = pair.bundles[pair.current];
        pair.sender->send(upload_request(pair.sender->identity(), bundle), [this, &pair](const Answer& answer) {
            if (answer.status != 201) {
                bench.fail("upload", answer);
                pair.received = true; // nothing will come
            }
            pair.answered = Clock::now();
            upload.add(pair.answered - pair.began);
            pair.sent = true;
            finish(pair);
        });
        return true;
    }

    /// At the rate asked for, each time the pair that has rested longest.
    void tick(std::size_t n, Clock::time_point began) {
        if (Clock::now() >= end) {
            return;
        }
        Pair& pair = pairs[n % pairs.size()];
        if (pair.sent && pair.received && pair.parked) {
            send_next(pair);
        } else {
            ++skipped;
        }
        const auto due =
            began +
            std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * static_cast<double>(n + 1) / bench.options.rate));
        bench.loop.at(due, [this, n, began] { tick(n + 1, began); });
    }

    void prepare() {
        const auto& o = bench.options;
        bench.identities = read_identities(o.identities, o.first, 2 * o.connections);
        const auto each = std::max<std::size_t>(o.count / o.connections, 1);
        for (std::size_t i = 0; i < o.connections; ++i) {
            const Identity& recipient = bench.identities[2 * i + 1];
            const BundleMaker maker(bench.identities[2 * i], recipient, Payload::inline_for(recipient, o.payload));
            Pair pair;
            for (std::size_t n = 0; n < each; ++n) {
                pair.bundles.push_back(maker.make(true));
            }
            pairs.push_back(std::move(pair));
        }
        bench.open_connections(2 * o.connections);
        for (std::size_t i = 0; i < o.connections; ++i) {
            pairs[i].sender = &bench.connections[2 * i];
            pairs[i].recipient = &bench.connections[2 * i + 1];
            park(pairs[i]);
        }
    }

    /// Until every recipient's first poll has been answered or is surely parked: one delivery each.
    void run() {
        const auto began = Clock::now();
        end = began + in_seconds(bench.options.seconds);
        if (bench.options.rate > 0) {
            tick(0, began);
        } else {
            for (auto& pair : pairs) {
                send_next(pair);
            }
        }
        bench.loop.run(
            [&] { return busy == 0 && (Clock::now() >= end || bench.options.rate == 0); },
            end + std::chrono::seconds(30)
        );
        over = true;
    }

    /// What the pairs that did not finish were waiting for.
    [[nodiscard]] std::string stuck() const {
        std::string words;
        for (const auto& pair : pairs) {
            if (!pair.sent || !pair.received) {
                words += (pair.sent ? "" : "upload+") + std::string(pair.step) + " " +
                         pair.bundles[pair.current].bundle_id + "; ";
            }
        }
        return words;
    }
};

} // namespace

nlohmann::json load_deliveries(Bench& bench) {
    Deliveries deliveries{bench};
    deliveries.prepare();
    bench.meet("ready");
    const auto began = Clock::now();
    deliveries.run();
    auto all = figures(deliveries.done, began, deliveries.busy);
    all["stuck"] = deliveries.stuck();
    all["skipped"] = deliveries.skipped;
    all["delivery_ms"] = deliveries.whole.json();
    all["upload_ms"] = deliveries.upload.json();
    all["wake_after_201_ms"] = deliveries.wake.json();
    all["wake_after_accepted_ms"] = deliveries.accepted_to_wake.json();
    return all;
}

} // namespace relay::bench
