#include "server/ops/metrics.hpp"

#include "server/ops/log.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <mutex>
#include <sstream>
#include <utility>
#include <vector>

namespace relay::server::ops {

namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

constexpr std::size_t status_classes = 6; // index 0: broken off before an answer
constexpr std::size_t error_codes = static_cast<std::size_t>(protocol::ErrorCode::unavailable) + 1;

const Histogram::BucketBoundaries& request_seconds() {
    static const Histogram::BucketBoundaries bounds{
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};
    return bounds;
}

const Histogram::BucketBoundaries& database_seconds() {
    static const Histogram::BucketBoundaries bounds{
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5};
    return bounds;
}

class Series final : public RouteSeries {
public:
    Series(std::array<Counter*, status_classes> counters, Histogram& seconds)
        : counters_(counters),
          seconds_(seconds) {}

    void add(int status, double seconds) override {
        const auto index = static_cast<std::size_t>(status / 100);
        counters_.at(index < status_classes ? index : 0)->Increment();
        seconds_.Observe(seconds);
    }

private:
    std::array<Counter*, status_classes> counters_;
    Histogram& seconds_;
};

double unix_seconds(protocol::Time time) {
    return static_cast<double>(time.time_since_epoch().count()) / 1000.0;
}

} // namespace

struct Metrics::State {
    prometheus::Registry registry;

    Family<Counter>& counter_family(const std::string& name, const std::string& help) {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    }
    Family<Gauge>& gauge_family(const std::string& name, const std::string& help) {
        return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
    }
    Family<Histogram>& histogram_family(const std::string& name, const std::string& help) {
        return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
    }
    Gauge& gauge(const std::string& name, const std::string& help) { return gauge_family(name, help).Add({}); }

    Family<Counter>& requests = counter_family("relay_requests_total", "Requests by route, method and status class");
    Family<Histogram>& durations = histogram_family(
        "relay_request_duration_seconds",
        "From the first byte of the request to the last of the answer, waits of polls included"
    );
    Family<Counter>& errors_family = counter_family("relay_errors_total", "Refusals by code");
    Family<Counter>& bytes_family = counter_family("relay_body_bytes_total", "Bytes of requests and answers");
    Counter& received = bytes_family.Add({{"direction", "received"}});
    Counter& sent = bytes_family.Add({{"direction", "sent"}});
    Family<Counter>& handshakes_family = counter_family("relay_handshakes_total", "TLS handshakes");
    std::array<Counter*, 3> handshakes{
        &handshakes_family.Add({{"outcome", "full"}}),
        &handshakes_family.Add({{"outcome", "resumed"}}),
        &handshakes_family.Add({{"outcome", "failed"}})};
    Gauge& connections = gauge("relay_connections", "Open HTTPS connections");
    Counter& refused =
        counter_family("relay_connections_refused_total", "Connections closed because limits.connections was reached")
            .Add({});
    Gauge& body_memory = gauge("relay_body_memory_bytes", "Memory granted to bodies in flight");
    Gauge& parked = gauge("relay_parked_polls", "Polls that wait for a change");
    Gauge& db_queue = gauge("relay_db_queue_jobs", "Reads, commits and looks into inboxes that wait for the database");
    Family<Histogram>& db_runs = histogram_family("relay_db_query_duration_seconds", "Database jobs by name");
    Family<Histogram>& db_waits = histogram_family("relay_db_wait_seconds", "Wait for a database worker");
    Histogram& db_wait = db_waits.Add({}, database_seconds());
    Family<Counter>& object_requests =
        counter_family("relay_object_store_requests_total", "Requests to an S3 store by operation and outcome");
    Family<Histogram>& object_times =
        histogram_family("relay_object_store_duration_seconds", "Requests to an S3 store, repeats and waits included");
    Gauge& object_store_up = gauge("relay_object_store_up", "1 while the object store answers and takes uploads");
    Family<Counter>& fault_family =
        counter_family("relay_payload_faults_total", "Stored chunks found missing or damaged when they were read");
    Counter& missing = fault_family.Add({{"kind", "missing"}});
    Counter& damaged = fault_family.Add({{"kind", "damaged"}});
    Family<Gauge>& orphan_family =
        gauge_family("relay_orphans", "Found by the last complete look: objects without a row, rows without an object");
    Gauge& orphaned_objects = orphan_family.Add({{"side", "objects"}});
    Gauge& orphaned_rows = orphan_family.Add({{"side", "rows"}});
    Gauge& leaves = gauge("relay_log_leaves", "Events in the delivery log");
    Gauge& certificate = gauge("relay_certificate_expiry_timestamp_seconds", "When the server certificate expires");
    Gauge& crl = gauge("relay_crl_overdue", "1 when a CRL is past its nextUpdate");
    Counter& dropped = counter_family("relay_log_lines_dropped_total", "Log lines lost to a full queue").Add({});

    std::array<Counter*, error_codes> errors{};
    mutable std::mutex mutex;
    std::map<std::pair<std::string, std::string>, std::unique_ptr<Series>> routes;
    std::map<std::string, Histogram*, std::less<>> queries;

    explicit State(std::string_view version) {
        for (std::size_t i = 0; i < error_codes; ++i) {
            const auto code = static_cast<protocol::ErrorCode>(i);
            // Two codes may share a name on the wire; Add gives the same counter for the same labels.
            errors.at(i) = &errors_family.Add({{"code", std::string(protocol::to_string(code))}});
        }
        gauge_family("relay_build_info", "1; the version is the label").Add({{"version", std::string(version)}}).Set(1);
    }
};

Metrics::Metrics(std::string_view version) : state_(std::make_unique<State>(version)) {
}
Metrics::~Metrics() = default;

std::string Metrics::text() const {
    const double lost = static_cast<double>(dropped_log_lines()) - state_->dropped.Value();
    if (lost > 0) {
        state_->dropped.Increment(lost);
    }
    std::ostringstream page;
    page.imbue(std::locale::classic());
    prometheus::TextSerializer().Serialize(page, state_->registry.Collect());
    return page.str();
}

RouteSeries& Metrics::route(std::string_view method, std::string_view pattern) {
    const std::lock_guard lock(state_->mutex);
    auto& series = state_->routes[{std::string(method), std::string(pattern)}];
    if (!series) {
        const prometheus::Labels labels{{"method", std::string(method)}, {"route", std::string(pattern)}};
        std::array<Counter*, status_classes> counters{};
        for (std::size_t i = 0; i < status_classes; ++i) {
            auto all = labels;
            all["status"] = i == 0 ? "broken" : std::to_string(i) + "xx";
            counters.at(i) = &state_->requests.Add(all);
        }
        series = std::make_unique<Series>(counters, state_->durations.Add(labels, request_seconds()));
    }
    return *series;
}

void Metrics::error(protocol::ErrorCode code) {
    state_->errors.at(static_cast<std::size_t>(code))->Increment();
}

void Metrics::bytes(std::int64_t received, std::int64_t sent) {
    state_->received.Increment(static_cast<double>(received));
    state_->sent.Increment(static_cast<double>(sent));
}

void Metrics::handshake(Handshake outcome) {
    state_->handshakes.at(static_cast<std::size_t>(outcome))->Increment();
}

void Metrics::connections(int delta) {
    state_->connections.Increment(delta);
}

void Metrics::connection_refused() {
    state_->refused.Increment();
}

void Metrics::body_memory(std::int64_t bytes_used) {
    state_->body_memory.Set(static_cast<double>(bytes_used));
}

void Metrics::parked_polls(int delta) {
    state_->parked.Increment(delta);
}

void Metrics::db_queue_depth(std::int64_t jobs) {
    state_->db_queue.Set(static_cast<double>(jobs));
}

void Metrics::db_query(std::string_view name, double wait_seconds, double run_seconds) {
    state_->db_wait.Observe(wait_seconds);
    Histogram* histogram = nullptr;
    {
        const std::lock_guard lock(state_->mutex);
        auto found = state_->queries.find(name);
        if (found == state_->queries.end()) {
            auto& added = state_->db_runs.Add({{"query", std::string(name)}}, database_seconds());
            found = state_->queries.emplace(std::string(name), &added).first;
        }
        histogram = found->second;
    }
    histogram->Observe(run_seconds);
}

void Metrics::object_request(std::string_view op, std::string_view outcome, double seconds) {
    // Few requests beside those of offices; Add gives the same series for the same labels.
    const std::lock_guard lock(state_->mutex);
    const std::string name(op);
    state_->object_requests.Add({{"op", name}, {"outcome", std::string(outcome)}}).Increment();
    state_->object_times.Add({{"op", name}}, request_seconds()).Observe(seconds);
}

void Metrics::object_store_up(bool answers) {
    state_->object_store_up.Set(answers ? 1 : 0);
}

void Metrics::payload_fault(std::string_view kind) {
    (kind == "missing" ? state_->missing : state_->damaged).Increment();
}

void Metrics::orphans(std::int64_t objects, std::int64_t rows) {
    state_->orphaned_objects.Set(static_cast<double>(objects));
    state_->orphaned_rows.Set(static_cast<double>(rows));
}

void Metrics::log_leaves(std::int64_t count) {
    state_->leaves.Set(static_cast<double>(count));
}

void Metrics::certificate_expires_at(protocol::Time time) {
    state_->certificate.Set(unix_seconds(time));
}

void Metrics::crl_overdue(bool overdue) {
    state_->crl.Set(overdue ? 1 : 0);
}

} // namespace relay::server::ops
