// uploads: every connection is an office that sends bundles to the next one, single or in batches, one call at a time.
#include "tests/bench/load.hpp"

#include <span>

namespace relay::bench {
namespace {

/// Bundles of one sender, prepared; the payload's base64 is put in when they are sent.
struct Sender {
    std::vector<Bundle> bundles;
    std::size_t next = 0;
};

std::string batch_request(const Identity& who, std::span<const Bundle> bundles) {
    std::string body = R"({"bundles":[)";
    for (const Bundle& bundle : bundles) {
        body += (body.back() == '[' ? "" : ",") + bundle.upload_body();
    }
    return request(who, "POST", "/v1/outbox", body + "]}");
}

/// How many of a batch's bundles were accepted.
std::uint64_t count_accepted(std::string_view body) {
    constexpr std::string_view accepted = "\"status\":201";
    std::uint64_t count = 0;
    for (auto at = body.find(accepted); at != std::string_view::npos; at = body.find(accepted, at + 1)) {
        ++count;
    }
    return count;
}

} // namespace

nlohmann::json load_uploads(Bench& bench) {
    const auto& o = bench.options;
    bench.identities = read_identities(o.identities, o.first, o.connections);
    std::vector<Sender> senders(o.connections);
    const auto alone = o.recipient > 0 ? read_identities(o.identities, o.recipient - 1, 1) : std::vector<Identity>();
    const auto each = std::max<std::size_t>(o.count / o.connections, 1);
    for (std::size_t i = 0; i < o.connections; ++i) {
        const Identity& recipient = alone.empty() ? bench.identities[(i + 1) % o.connections] : alone.front();
        const BundleMaker maker(bench.identities[i], recipient, Payload::inline_for(recipient, o.payload));
        for (std::size_t n = 0; n < each; ++n) {
            senders[i].bundles.push_back(maker.make(false));
        }
    }
    bench.open_connections(o.connections);
    ClosedLoop loop;
    const std::size_t take = std::max<std::size_t>(o.batch, 1);
    loop.next = [&](std::size_t n) {
        Sender& sender = senders[n];
        if (sender.next + take > sender.bundles.size()) {
            return std::string();
        }
        const std::span bundles(&sender.bundles[sender.next], take);
        sender.next += take;
        const Identity& who = bench.connections[n].identity();
        return o.batch == 0 ? upload_request(who, bundles.front()) : batch_request(who, bundles);
    };
    loop.judge = [&](const Answer& answer) {
        if (o.batch == 0) {
            return bench.expect("upload", answer, 201);
        }
        const auto accepted = count_accepted(answer.body);
        if (accepted != take) {
            bench.fail("batch", answer);
        }
        return accepted;
    };
    return run_closed_loop(bench, loop);
}

} // namespace relay::bench
