// Sends many bundles in few calls: up to 100 small ones together, larger ones each on their own (protocol.md §5).
#pragma once

#include "client/failure.hpp"
#include "client/packing.hpp"
#include "client/session.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace relay::client {

inline constexpr std::size_t most_in_a_call = 100;

/// What became of one bundle: {"bundle_id","status","bundle" or "problem"}, as the server says it or would say it.
using BatchResult = Json;

/// Not thread-safe.
class Batch {
public:
    /// `told` is called once for every bundle that was added, with its number, when its fate is known.
    Batch(Session& session, std::function<void(std::size_t number, const BatchResult& result)> told)
        : session_(session),
          told_(std::move(told)) {}

    /// Sends what is gathered first when the call would become too large. `resumed`: an earlier run may have sent it.
    void add(std::size_t number, const PackedBundle& bundle, bool resumed);
    /// Sends what is gathered.
    void flush();
    /// The line broke for good: what is added from now on is not tried.
    [[nodiscard]] bool is_cut_off() const noexcept { return cut_off_; }
    [[nodiscard]] int calls() const noexcept { return calls_; }

private:
    void tell_failure(std::size_t number, const protocol::BundleId& bundle_id, const Failure& failure);

    struct Entry {
        std::size_t number;
        protocol::BundleId bundle_id;
    };
    Session& session_;
    std::function<void(std::size_t, const BatchResult&)> told_;
    Json bodies_ = Json::array();
    std::vector<Entry> entries_;
    std::int64_t size_ = 0;
    int calls_ = 0;
    bool cut_off_ = false;
};

[[nodiscard]] BatchResult failed_result(const std::string& bundle_id, const Failure& failure);

} // namespace relay::client
