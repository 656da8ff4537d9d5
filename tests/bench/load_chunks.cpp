// chunks-up, chunks-down: payloads of several large chunks, one connection each. Up: the manifest, then every chunk.
// Down: one upload and one claim before the measurement, then the chunks under it, again and again.
#include "tests/bench/load.hpp"

namespace relay::bench {
namespace {

struct Transfer {
    Connection* connection = nullptr; ///< of the sender going up, of the recipient going down
    Connection* other = nullptr;
    std::vector<Bundle> bundles;
    std::size_t bundle = 0;
    std::size_t chunk = 0;
};

struct Chunks {
    Bench& bench;
    std::deque<Transfer> transfers{};
    std::uint64_t bytes = 0;
    std::uint64_t done = 0; ///< chunks
    std::size_t busy = 0;
    std::size_t rounds = 1; ///< going down: how often all chunks are read
    Latencies latencies{};

    void prepare(std::size_t bundles_each) {
        const auto& o = bench.options;
        bench.identities = read_identities(o.identities, o.first, 2 * o.connections);
        bench.open_connections(2 * o.connections);
        for (std::size_t i = 0; i < o.connections; ++i) {
            const Identity& recipient = bench.identities[2 * i + 1];
            const BundleMaker maker(
                bench.identities[2 * i], recipient, Payload::chunked_for(recipient, o.chunk_size, o.chunks)
            );
            Transfer& transfer = transfers.emplace_back();
            transfer.connection = &bench.connections[2 * i];
            transfer.other = &bench.connections[2 * i + 1];
            for (std::size_t n = 0; n < bundles_each; ++n) {
                transfer.bundles.push_back(maker.make(true));
            }
        }
    }

    void upload(Transfer& transfer) {
        if (transfer.bundle == transfer.bundles.size()) {
            --busy;
            return;
        }
        const Bundle& bundle = transfer.bundles[transfer.bundle];
        transfer.chunk = 0;
        transfer.connection->send(
            upload_request(transfer.connection->identity(), bundle),
            [this, &transfer](const Answer& answer) {
                if (answer.status != 202) {
                    bench.fail("manifest", answer);
                    --busy;
                    return;
                }
                put_chunk(transfer);
            }
        );
    }

    void put_chunk(Transfer& transfer) {
        const Bundle& bundle = transfer.bundles[transfer.bundle];
        const auto size = bundle.payload->chunk_size;
        const auto piece = std::string_view(bundle.payload->bytes).substr(transfer.chunk * size, size);
        const auto path = "/v1/outbox/" + bundle.bundle_id + "/chunks/" + std::to_string(transfer.chunk);
        const auto began = Clock::now();
        transfer.connection->send(
            request(transfer.connection->identity(), "PUT", path, piece, "Content-Type: application/octet-stream\r\n"),
            [this, &transfer, began, length = piece.size()](const Answer& answer) {
                latencies.add(Clock::now() - began);
                const bool last = transfer.chunk + 1 == bench.options.chunks;
                if (answer.status != (last ? 201 : 204)) {
                    bench.fail("chunk", answer);
                    --busy;
                    return;
                }
                bytes += length;
                ++done;
                if (last) {
                    ++transfer.bundle;
                    upload(transfer);
                } else {
                    ++transfer.chunk;
                    put_chunk(transfer);
                }
            }
        );
    }

    void claim(Transfer& transfer) {
        const Bundle& bundle = transfer.bundles.front();
        transfer.other->send(claim_request(transfer.other->identity(), bundle), [this](const Answer& answer) {
            if (answer.status != 200) {
                bench.fail("claim", answer);
            }
            --busy;
        });
    }

    void get_chunk(Transfer& transfer, std::size_t n) {
        if (n == rounds * bench.options.chunks) {
            --busy;
            return;
        }
        const Bundle& bundle = transfer.bundles.front();
        const auto path = "/v1/inbox/" + bundle.bundle_id + "/chunks/" + std::to_string(n % bench.options.chunks);
        const auto began = Clock::now();
        transfer.other->send(
            request(transfer.other->identity(), "GET", path, {}, "Relay-Claim: " + bundle.claim_id + "\r\n"),
            [this, &transfer, n, began](const Answer& answer) {
                latencies.add(Clock::now() - began);
                if (answer.status != 200) {
                    bench.fail("chunk", answer);
                    --busy;
                    return;
                }
                bytes += answer.body.size();
                ++done;
                get_chunk(transfer, n + 1);
            }
        );
    }

    void wait() {
        bench.loop.run([&] { return busy == 0; }, Clock::now() + std::chrono::minutes(3));
    }

    template <class Begin>
    void run(Begin begin) {
        busy = transfers.size();
        for (auto& transfer : transfers) {
            begin(transfer);
        }
        wait();
    }

    [[nodiscard]] nlohmann::json figures_since(Clock::time_point began) const {
        auto all = figures(done, began, busy);
        all["bytes"] = bytes;
        all["latency_ms"] = latencies.json();
        return all;
    }
};

} // namespace

nlohmann::json load_chunks_up(Bench& bench) {
    Chunks chunks{bench};
    chunks.prepare(std::max<std::size_t>(bench.options.count, 1));
    bench.meet("ready");
    const auto began = Clock::now();
    chunks.run([&](Transfer& t) { chunks.upload(t); });
    return chunks.figures_since(began);
}

nlohmann::json load_chunks_down(Bench& bench) {
    Chunks chunks{bench};
    chunks.prepare(1);
    chunks.run([&](Transfer& t) { chunks.upload(t); });
    chunks.run([&](Transfer& t) { chunks.claim(t); });
    chunks.bytes = chunks.done = 0;
    chunks.latencies = {};
    chunks.rounds = std::max<std::size_t>(bench.options.count, 1);
    bench.meet("ready");
    const auto began = Clock::now();
    chunks.run([&](Transfer& t) { chunks.get_chunk(t, 0); });
    return chunks.figures_since(began);
}

} // namespace relay::bench
