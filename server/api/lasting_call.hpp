// A call under a claim lasts until its answer is written (protocol.md §7.3), however slowly the client reads it.
#pragma once

#include "server/api/services.hpp"

#include <memory>
#include <vector>

namespace relay::server::api {

struct HeldClaim {
    protocol::BundleId bundle_id;
    protocol::ClaimId claim_id;
};

/// While it lives, the claims are told now and then that a call under them still lasts. Used on its executor only.
class LastingCall final {
public:
    /// `services` outlive every call.
    LastingCall(const Services& services, Executor executor, mailbox::Party party, std::vector<HeldClaim> claims);
    ~LastingCall();
    LastingCall(const LastingCall&) = delete;
    LastingCall& operator=(const LastingCall&) = delete;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace relay::server::api
