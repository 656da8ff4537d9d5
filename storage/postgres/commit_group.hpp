// The statements of one commit group: at most one item per bundle, one transaction, arrays with one element per item.
#pragma once

#include "storage/postgres/commit_item.hpp"
#include "storage/postgres/pg_binary.hpp"
#include "storage/postgres/pg_options.hpp"
#include "storage/postgres/pipeline_connection.hpp"

#include <deque>
#include <span>
#include <vector>

namespace relay::storage::postgres {

/// Copies what it needs of the items, so that they may be completed and the statements sent again.
class CommitGroup final {
public:
    /// `again`: these items were sent before, and may have been committed.
    CommitGroup(std::span<const std::unique_ptr<CommitItem>> items, const PgOptions& options, bool again);
    CommitGroup(const CommitGroup&) = delete;
    CommitGroup& operator=(const CommitGroup&) = delete;

    /// In the order in which they must run. An item that was taken has a row in the answers. Of the others only those
    /// that are here for another time have one, which says why; and of coverage, none.
    [[nodiscard]] std::span<const Statement> statements() const { return statements_; }

private:
    using Parameters = std::vector<const protocol::Bytes*>;

    void sort(std::span<const std::unique_ptr<CommitItem>> items, bool again);
    void add_locks();
    void lock_mailboxes_and_objects();
    Parameters add_places();
    void add_acceptances();
    void add_chunks();
    void add_claims();
    void add_coverage();
    void add_receipts();
    void add_answers();

    /// Columns of a statement, each made from every item of a list.
    template <class Item, class Add>
    const protocol::Bytes* column(const std::vector<const Item*>& items, ElementType type, Add add);
    /// The same of values that may be long, of which `value_of` gives an optional view: measured, then copied once.
    template <class Item, class ValueOf>
    const protocol::Bytes* long_column(const std::vector<const Item*>& items, ElementType type, ValueOf value_of);
    template <class Item>
    const protocol::Bytes* bundle_ids(const std::vector<const Item*>& items);
    template <class Item>
    const protocol::Bytes* event_ids(const std::vector<const Item*>& items);
    template <class Item>
    void add_actors(const std::vector<const Item*>& items, Parameters& to);
    const protocol::Bytes* keep(protocol::Bytes bytes) { return &kept_.emplace_back(std::move(bytes)); }
    const protocol::Bytes* keep(std::int64_t value) { return keep(encode_int8(value)); }
    void add(const Query& query, Parameters parameters, bool answers = false) {
        statements_.push_back({&query, std::move(parameters), answers});
    }

    std::vector<const AcceptItem*> accepts_;
    std::vector<const ChunkItem*> chunks_;
    std::vector<const ClaimItem*> claims_;
    std::vector<const CoverageItem*> coverage_;
    std::vector<const ReceiptItem*> receipts_;
    std::vector<const CommitItem*> explained_; ///< by answer_items

    std::deque<protocol::Bytes> kept_;
    std::vector<Statement> statements_;
    const protocol::Bytes* all_ids_ = nullptr;
    const protocol::Bytes* partial_lapse_;
    const protocol::Bytes* sent_lapse_;
    const protocol::Bytes* expire_after_;
    const protocol::Bytes* unfinished_upload_;
    const protocol::Bytes* outstanding_upload_bytes_;
};

} // namespace relay::storage::postgres
