// relay-bench-postgres: what PostgreSQL needs for the rows of accepted, claimed and confirmed bundles (tables of
// postgres_limits.sql), in groups by one pipeline of unnest statements, or one by one. Waits for a line on standard
// input before each step, so that whoever measures can look at PostgreSQL's CPU between two steps.
#include "protocol/ids.hpp"
#include "storage/postgres/pg_binary.hpp"
#include "tests/bench/program.hpp"

#include <CLI/CLI.hpp>
#include <libpq-fe.h>

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace relay::bench {
namespace {

using protocol::Bytes;
using protocol::Uuid;
using storage::postgres::ElementType;
using storage::postgres::PgArray;

struct Statement {
    const char* name;
    const char* sql;
};

constexpr Statement insert_bundles{
    "insert_bundles",
    "INSERT INTO bundles SELECT i, s, r, p, 'waiting', now(), NULL, m"
    " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bytea[]) AS x (i, s, r, p, m)"};
constexpr Statement insert_payloads{
    "insert_payloads", "INSERT INTO payloads SELECT i, b FROM unnest($1::uuid[], $2::bytea[]) AS x (i, b)"};
constexpr Statement insert_events{
    "insert_events",
    "INSERT INTO events SELECT e, i, l FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS x (e, i, l)"};
constexpr Statement claim_bundles{
    "claim_bundles",
    "UPDATE bundles b SET state = 'claimed', claim_id = x.c FROM unnest($1::uuid[], $2::uuid[]) AS x (i, c)"
    " WHERE b.bundle_id = x.i AND b.state = 'waiting' RETURNING b.bundle_id, b.manifest"};
constexpr Statement read_payloads{
    "read_payloads", "SELECT p.bytes FROM unnest($1::uuid[]) AS x (i) JOIN payloads p ON p.bundle_id = x.i"};
constexpr Statement fetch_bundles{
    "fetch_bundles", "UPDATE bundles SET state = 'fetched' WHERE bundle_id = ANY($1::uuid[]) AND state = 'claimed'"};
constexpr Statement insert_receipts{
    "insert_receipts", "INSERT INTO receipts SELECT i, r FROM unnest($1::uuid[], $2::bytea[]) AS x (i, r)"};
constexpr Statement delete_payloads{"delete_payloads", "DELETE FROM payloads WHERE bundle_id = ANY($1::uuid[])"};
constexpr Statement read_inbox{
    "read_inbox",
    "SELECT bundle_id, sender, at, manifest FROM bundles WHERE recipient = ($1::text[])[1] AND state = 'waiting'"
    " ORDER BY place LIMIT 101"};

class Pipeline {
public:
    explicit Pipeline(const std::string& url) : connection_(PQconnectdb(url.c_str()), PQfinish) {
        if (PQstatus(connection_.get()) != CONNECTION_OK) {
            fail("connection");
        }
        for (const auto& [name, sql] :
             {insert_bundles,
              insert_payloads,
              insert_events,
              claim_bundles,
              read_payloads,
              fetch_bundles,
              insert_receipts,
              delete_payloads,
              read_inbox}) {
            const Result made(PQprepare(connection_.get(), name, sql, 0, nullptr), PQclear);
            if (PQresultStatus(made.get()) != PGRES_COMMAND_OK) {
                fail(name);
            }
        }
        if (PQenterPipelineMode(connection_.get()) != 1) {
            fail("pipeline");
        }
    }

    void add(const Statement& statement, std::vector<Bytes> parameters) {
        std::vector<const char*> values;
        std::vector<int> lengths;
        const std::vector<int> formats(parameters.size(), 1);
        for (const auto& bytes : parameters) {
            values.push_back(reinterpret_cast<const char*>(bytes.data()));
            lengths.push_back(static_cast<int>(bytes.size()));
        }
        const int count = static_cast<int>(parameters.size());
        if (PQsendQueryPrepared(
                connection_.get(), statement.name, count, values.data(), lengths.data(), formats.data(), 1
            ) != 1) {
            fail(statement.name);
        }
    }

    /// One transaction of what was added; the rows it touched or gave.
    long run() {
        PQpipelineSync(connection_.get());
        long rows = 0;
        bool synced = false;
        while (!synced) {
            while (const Result result{PQgetResult(connection_.get()), PQclear}) {
                const auto status = PQresultStatus(result.get());
                if (status == PGRES_PIPELINE_SYNC) {
                    synced = true;
                    break;
                }
                if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
                    fail("transaction");
                }
                rows += PQntuples(result.get());
            }
        }
        return rows;
    }

private:
    using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

    [[noreturn]] void fail(const std::string& what) const {
        throw std::runtime_error(what + ": " + PQerrorMessage(connection_.get()));
    }

    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

/// Bundles in the order in which they were accepted, and how each step goes over a group of them.
class Work {
public:
    Work(const std::string& url, std::size_t group, std::size_t payload)
        : pipeline_(url),
          group_(group),
          payload_(payload, 0xA5),
          manifest_(1900, 0x5A),
          receipt_(1300, 0x5A),
          leaf_(400, 'e') {}

    void accept() {
        std::vector<Uuid> ids;
        PgArray offices(ElementType::text), recipients(ElementType::text), places(ElementType::int8);
        PgArray manifests(ElementType::bytea), payloads(ElementType::bytea);
        for (std::size_t i = 0; i < group_; ++i) {
            ids.push_back(new_id());
            bundles_.push_back(ids.back());
            ++place_;
            offices.add_text(office(place_));
            recipients.add_text(office(place_ * 7 + 3));
            places.add_int8(place_);
            manifests.add_bytes(manifest_);
            payloads.add_bytes(payload_);
        }
        pipeline_.add(insert_bundles, {array(ids), offices.take(), recipients.take(), places.take(), manifests.take()});
        pipeline_.add(insert_payloads, {array(ids), payloads.take()});
        add_events(ids);
        pipeline_.run();
    }

    void claim() {
        const auto ids = next(claimed_);
        std::vector<Uuid> claims;
        for (std::size_t i = 0; i < group_; ++i) {
            claims.push_back(new_id());
        }
        pipeline_.add(claim_bundles, {array(ids), array(claims)});
        pipeline_.add(read_payloads, {array(ids)});
        add_events(ids);
        expect(pipeline_.run(), 2 * group_);
    }

    void confirm() {
        const auto ids = next(confirmed_);
        PgArray receipts(ElementType::bytea);
        for (std::size_t i = 0; i < group_; ++i) {
            receipts.add_bytes(receipt_);
        }
        pipeline_.add(fetch_bundles, {array(ids)});
        pipeline_.add(insert_receipts, {array(ids), receipts.take()});
        add_events(ids);
        pipeline_.add(delete_payloads, {array(ids)});
        pipeline_.run();
    }

    /// What a delivery's other events cost.
    void log() {
        add_events(next(logged_));
        pipeline_.run();
    }

    void poll() {
        for (std::size_t i = 0; i < group_; ++i) {
            PgArray recipient(ElementType::text);
            recipient.add_text(office(++place_ * 31));
            pipeline_.add(read_inbox, {recipient.take()});
            pipeline_.run();
        }
    }

private:
    [[nodiscard]] static Uuid new_id() {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return protocol::time_uuid(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    }

    [[nodiscard]] static std::string office(std::int64_t n) { return std::to_string(2600000000 + n % 5000); }

    [[nodiscard]] static Bytes array(const std::vector<Uuid>& ids) {
        PgArray made(ElementType::uuid);
        for (const auto& id : ids) {
            made.add_uuid(id);
        }
        return made.take();
    }

    std::vector<Uuid> next(std::size_t& position) {
        if (position + group_ > bundles_.size()) {
            throw std::runtime_error("too few bundles were accepted");
        }
        const auto begin = bundles_.begin() + static_cast<std::ptrdiff_t>(position);
        position += group_;
        return {begin, begin + static_cast<std::ptrdiff_t>(group_)};
    }

    void add_events(const std::vector<Uuid>& ids) {
        std::vector<Uuid> events;
        PgArray leaves(ElementType::text);
        for (std::size_t i = 0; i < ids.size(); ++i) {
            events.push_back(new_id());
            leaves.add_text(leaf_);
        }
        pipeline_.add(insert_events, {array(events), array(ids), leaves.take()});
    }

    static void expect(long rows, std::size_t wanted) {
        if (rows != static_cast<long>(wanted)) {
            throw std::runtime_error(std::to_string(rows) + " rows instead of " + std::to_string(wanted));
        }
    }

    Pipeline pipeline_;
    std::size_t group_;
    Bytes payload_, manifest_, receipt_;
    std::string leaf_;
    std::deque<Uuid> bundles_;
    std::size_t claimed_ = 0, confirmed_ = 0, logged_ = 0;
    std::int64_t place_ = 0;
};

int run(int argc, char** argv) {
    CLI::App app("Costs of PostgreSQL");
    std::string url;
    std::size_t group = 32, count = 4000, payload = 10000;
    double rate = 0;
    app.add_option("--url", url, "libpq connection string")->required();
    app.add_option("--group", group, "bundles in a transaction");
    app.add_option("--count", count, "bundles");
    app.add_option("--payload", payload, "bytes");
    app.add_option("--rate", rate, "transactions a second; 0: as fast as they go");
    CLI11_PARSE(app, argc, argv);
    Work work(url, group, payload);
    work.accept(); // plans and catalogue entries are read
    const std::vector<std::pair<const char*, std::function<void()>>> steps{
        {"accept", [&] { work.accept(); }},
        {"poll", [&] { work.poll(); }},
        {"claim", [&] { work.claim(); }},
        {"confirm", [&] { work.confirm(); }},
        {"log", [&] { work.log(); }}};
    const auto wait = [] {
        std::string line;
        return static_cast<bool>(std::getline(std::cin, line));
    };
    for (const auto& [name, step] : steps) {
        std::cout << R"({"next":")" << name << "\"}" << std::endl;
        if (!wait()) {
            return 1;
        }
        auto next = std::chrono::steady_clock::now();
        for (std::size_t done = 0; done < count; done += group) {
            step();
            if (rate > 0) {
                next += std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / rate));
                std::this_thread::sleep_until(next);
            }
        }
        std::cout << R"({"done":)" << (count + group - 1) / group * group << "}" << std::endl;
        if (!wait()) {
            return 1;
        }
    }
    return 0;
}

} // namespace
} // namespace relay::bench

int main(int argc, char** argv) {
    return relay::bench::run_program("relay-bench-postgres", relay::bench::run, argc, argv);
}
