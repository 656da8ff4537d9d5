// What was sent under claims, on its way into the database (transactions.md "Claims and coverage").
// An inline payload's coverage waits a moment for the receipt, to share its commit; everything else goes at once.
#pragma once

#include "server/mailbox/party.hpp"
#include "storage/bundle_store.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace relay::server::mailbox {

/// Thread-safe. Its writes run on the io_context it was given. Kept and retried until stored, or until the claim ended.
class Coverage {
public:
    Coverage(storage::BundleStore& bundles, boost::asio::io_context& context, Clock clock);
    ~Coverage();

    /// Bytes [from, to) of the payload were written. `wait_for_receipt`: may be held back a moment.
    void
    add(const Party& party,
        protocol::BundleId bundle_id,
        protocol::ClaimId claim_id,
        storage::SentRange range,
        bool wait_for_receipt);
    /// What is held back or not stored yet for this claim; the receipt stores it instead.
    [[nodiscard]] std::vector<storage::SentRange> take(protocol::BundleId bundle_id, protocol::ClaimId claim_id);
    /// Holds nothing back any more (drain).
    void flush();
    /// Nothing is waiting or under way.
    [[nodiscard]] bool idle() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace relay::server::mailbox
