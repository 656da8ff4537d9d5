// uploads: every connection is an office that sends bundles to the next one, single or in batches, one call at a time.
#include "tests/bench/load.hpp"

namespace relay::bench {
namespace {

/// Bundles of one sender, prepared; the payload's base64 is put in when they are sent.
struct Sender {
    Connection* connection = nullptr;
    std::vector<Bundle> bundles;
    std::size_t next = 0;
};

struct Uploads {
    Bench& bench;
    std::vector<Sender> senders{};
    Clock::time_point end{};
    std::uint64_t accepted = 0;
    std::size_t busy = 0;
    Latencies latencies{};

    void send_next(Sender& sender) {
        const std::size_t take = std::max<std::size_t>(bench.options.batch, 1);
        if (Clock::now() >= end || sender.next + take > sender.bundles.size()) {
            --busy;
            return;
        }
        const auto began = Clock::now();
        const std::size_t first = sender.next;
        sender.next += take;
        sender.connection->send(
            bench.options.batch == 0 ? single(sender, first) : batch(sender, first, take),
            [this, &sender, began, take](const Answer& answer) {
                latencies.add(Clock::now() - began);
                judge(answer, take);
                if (answer.status == 0) {
                    --busy;
                    return;
                }
                send_next(sender);
            }
        );
    }

    static std::string single(const Sender& sender, std::size_t i) {
        const Bundle& bundle = sender.bundles[i];
        return request(sender.connection->identity(), "PUT", "/v1/outbox/" + bundle.bundle_id, bundle.upload_body());
    }

    static std::string batch(const Sender& sender, std::size_t first, std::size_t count) {
        std::string body = R"({"bundles":[)";
        for (std::size_t i = first; i < first + count; ++i) {
            body += (body.back() == '[' ? "" : ",") + sender.bundles[i].upload_body();
        }
        return request(sender.connection->identity(), "POST", "/v1/outbox", body + "]}");
    }

    void judge(const Answer& answer, std::size_t count) {
        if (bench.options.batch == 0) {
            answer.status == 201 ? void(++accepted) : bench.fail("upload", answer);
            return;
        }
        std::uint64_t good = 0;
        for (auto at = answer.body.find("\"status\":201"); at != std::string_view::npos;
             at = answer.body.find("\"status\":201", at + 1)) {
            ++good;
        }
        accepted += good;
        if (good != count) {
            bench.fail("batch", answer);
        }
    }
};

} // namespace

nlohmann::json load_uploads(Bench& bench) {
    const auto& o = bench.options;
    bench.identities = read_identities(o.identities, o.first, o.connections);
    Uploads uploads{bench};
    const auto alone = o.recipient > 0 ? read_identities(o.identities, o.recipient - 1, 1) : std::vector<Identity>();
    const auto each = std::max<std::size_t>(o.count / o.connections, 1);
    for (std::size_t i = 0; i < o.connections; ++i) {
        const Identity& recipient = alone.empty() ? bench.identities[(i + 1) % o.connections] : alone.front();
        const BundleMaker maker(bench.identities[i], recipient, Payload::inline_for(recipient, o.payload));
        Sender sender;
        for (std::size_t n = 0; n < each; ++n) {
            sender.bundles.push_back(maker.make(false));
        }
        uploads.senders.push_back(std::move(sender));
    }
    bench.open_connections(o.connections);
    for (std::size_t i = 0; i < o.connections; ++i) {
        uploads.senders[i].connection = &bench.connections[i];
    }
    bench.meet("ready");
    const auto began = Clock::now();
    uploads.end = began + std::chrono::microseconds(static_cast<std::int64_t>(o.seconds * 1e6));
    uploads.busy = o.connections;
    for (auto& sender : uploads.senders) {
        uploads.send_next(sender);
    }
    bench.loop.run([&] { return uploads.busy == 0; }, uploads.end + std::chrono::seconds(30));
    const double took = std::chrono::duration<double>(Clock::now() - began).count();
    return {
        {"done", uploads.accepted},
        {"seconds", took},
        {"per_second", static_cast<double>(uploads.accepted) / took},
        {"unfinished", uploads.busy},
        {"latency_ms", uploads.latencies.json()}};
}

} // namespace relay::bench
