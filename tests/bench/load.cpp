// relay-bench-load: the load generator. One thread; prints "ready" when everything is prepared, waits for a line on
// standard input, works, and prints its figures as one JSON line.
#include "tests/bench/load.hpp"
#include "tests/bench/program.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <map>

namespace relay::bench {

nlohmann::json Latencies::json() const {
    if (us_.empty()) {
        return nullptr;
    }
    auto sorted = us_;
    std::sort(sorted.begin(), sorted.end());
    const auto at = [&](double part) {
        return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))] / 1000;
    };
    return {{"p50", at(0.5)}, {"p99", at(0.99)}, {"max", at(1)}, {"count", sorted.size()}};
}

std::vector<std::int64_t> Latencies::values() const {
    std::vector<std::int64_t> values;
    for (const double us : us_) {
        values.push_back(static_cast<std::int64_t>(us / 100));
    }
    return values;
}

nlohmann::json figures(std::uint64_t done, Clock::time_point began, std::size_t unfinished) {
    const double took = std::chrono::duration<double>(Clock::now() - began).count();
    return {
        {"done", done},
        {"seconds", took},
        {"per_second", static_cast<double>(done) / took},
        {"unfinished", unfinished}};
}

Bench::Bench(Options o) : options(std::move(o)), context(make_client_context()) {
}

void Bench::open_connections(std::size_t count, const std::function<void(Connection&)>& on_open, std::size_t at_once) {
    std::size_t begun = 0;
    std::size_t open = 0;
    std::size_t failed = 0;
    std::function<void()> next = [&] {
        if (begun == count) {
            return;
        }
        Connection& connection = connections.emplace_back(loop, context.get());
        connection.set_identity(&identities.at(begun++ % identities.size()));
        connection.open(options.target, false, [&](bool good) {
            ++(good ? open : failed);
            if (good && on_open) {
                on_open(connection);
            }
            next();
        });
    };
    while (begun < std::min(count, at_once)) {
        next();
    }
    loop.run([&] { return open + failed == count; }, Clock::now() + std::chrono::minutes(5));
    if (open != count) {
        throw std::runtime_error(std::to_string(count - open) + " connections were not made");
    }
}

std::uint64_t Bench::expect(const std::string& what, const Answer& answer, int status) {
    if (answer.status == status) {
        return 1;
    }
    fail(what, answer);
    return 0;
}

void Bench::fail(const std::string& what, const Answer& answer) {
    if (failures++ == 0) {
        first_failure = what + ": " + std::to_string(answer.status) + " " + std::string(answer.body.substr(0, 400));
    }
}

void Bench::meet(const std::string& word, nlohmann::json facts) {
    facts["at"] = word;
    std::cout << facts.dump() << std::endl;
    std::string line;
    if (!std::getline(std::cin, line)) {
        throw std::runtime_error("nobody waits for the figures");
    }
}

std::string request(
    const Identity& who, std::string_view method, std::string_view path, std::string_view body, std::string_view fields
) {
    std::string out;
    out.reserve(body.size() + path.size() + fields.size() + 256);
    out += method;
    out += ' ';
    out += path;
    out += " HTTP/1.1\r\nHost: localhost\r\n";
    if (!who.token.empty()) {
        out += "Authorization: Bearer " + who.token + "\r\n";
    }
    out += fields;
    if (method != "GET") {
        if (fields.find("Content-Type") == std::string_view::npos) {
            out += "Content-Type: application/json\r\n";
        }
        out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    out += "\r\n";
    out += body;
    return out;
}

std::string upload_request(const Identity& sender, const Bundle& bundle) {
    return request(sender, "PUT", "/v1/outbox/" + bundle.bundle_id, bundle.upload_body());
}

std::string claim_request(const Identity& recipient, const Bundle& bundle) {
    const auto body = R"({"claim_id":")" + bundle.claim_id + "\"}";
    return request(recipient, "POST", "/v1/inbox/" + bundle.bundle_id + "/claim", body);
}

std::string receipt_request(const Identity& recipient, const Bundle& bundle) {
    const auto body = R"({"signed_receipt":")" + bundle.receipt_base64 + "\"}";
    return request(recipient, "POST", "/v1/inbox/" + bundle.bundle_id + "/receipt", body);
}

namespace {

const std::map<std::string, Scenario>& scenarios() {
    static const std::map<std::string, Scenario> all{
        {"uploads", load_uploads},
        {"deliveries", load_deliveries},
        {"handshakes", load_handshakes},
        {"parked", load_parked},
        {"polls", load_polls},
        {"country", load_country},
        {"sign-ins", load_sign_ins},
        {"chunks-up", load_chunks_up},
        {"chunks-down", load_chunks_down}};
    return all;
}

int run(int argc, char** argv) {
    CLI::App app("The benchmark's load generator");
    Options o;
    std::string scenario;
    app.add_option("scenario", scenario, "what to do")->required();
    app.add_option("--host", o.target.host, "the server's IPv4 address");
    app.add_option("--port", o.target.port, "its port")->required();
    app.add_option("--source", o.target.source, "local address");
    app.add_option("--identities", o.identities, "file of relay-bench-provision")->required();
    app.add_option("--first", o.first, "first identity");
    app.add_option("--connections", o.connections, "connections, or pairs of them");
    app.add_option("--seconds", o.seconds, "how long");
    app.add_option("--rate", o.rate, "deliveries, sign-ins or polls a second; 0: as fast as they go");
    app.add_option("--count", o.count, "bundles to prepare, handshakes to make");
    app.add_option("--payload", o.payload, "bytes of a payload");
    app.add_option("--batch", o.batch, "bundles in one call; 0: single calls");
    app.add_flag("--resume", o.resume, "resume TLS sessions");
    app.add_option("--path", o.path, "what to ask for");
    app.add_option("--body", o.body, "bytes to send there");
    app.add_option("--method", o.method, "GET, or POST with a body, unless told otherwise");
    app.add_option("--expect", o.expect, "status that is right");
    app.add_option("--chunks", o.chunks, "chunks of a payload");
    app.add_option("--chunk-size", o.chunk_size, "their size");
    app.add_option("--recipient", o.recipient, "everybody sends to this identity, counted from 1");
    app.add_option("--password", o.password, "everybody's");
    app.add_flag("--plain", o.plain, "no token");
    CLI11_PARSE(app, argc, argv);
    const auto found = scenarios().find(scenario);
    if (found == scenarios().end()) {
        std::cerr << "relay-bench-load: no scenario " << scenario << '\n';
        return 2;
    }
    if (o.method.empty()) {
        o.method = o.body > 0 ? "POST" : "GET";
    }
    Bench bench(std::move(o));
    auto figures = found->second(bench);
    figures["failures"] = bench.failures;
    if (bench.failures > 0) {
        figures["first_failure"] = bench.first_failure;
    }
    std::cout << figures.dump() << std::endl;
    return 0;
}

} // namespace
} // namespace relay::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    return relay::bench::run_program("relay-bench-load", relay::bench::run, argc, argv);
}
