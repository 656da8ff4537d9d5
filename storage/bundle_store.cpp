#include "storage/bundle_store.hpp"

namespace relay::storage {

protocol::LifeFacts BundleRecord::facts() const {
    protocol::LifeFacts facts;
    facts.state = state;
    facts.claim_id = claim_id;
    facts.every_byte_sent = every_byte_sent;
    facts.confirmed = confirmation == "receipt";
    facts.receipt_outcome = receipt_outcome;
    facts.claimed_at = claimed_at;
    facts.fetched_at = fetched_at;
    facts.rejected_at = rejected_at;
    facts.withdrawn_at = withdrawn_at;
    facts.expired_at = expired_at;
    return facts;
}

} // namespace relay::storage
