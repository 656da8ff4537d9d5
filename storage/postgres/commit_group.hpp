// The statements of one commit group: at most one item per bundle, one transaction, arrays with one element per item.
#pragma once

#include "storage/postgres/commit_item.hpp"
#include "storage/postgres/pg_binary.hpp"
#include "storage/postgres/pg_options.hpp"
#include "storage/postgres/pipeline_connection.hpp"

#include <deque>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace relay::storage::postgres {

/// Copies what it needs of the items, so that they may be completed and the statements sent again.
class CommitGroup final {
public:
    CommitGroup(std::span<const std::unique_ptr<CommitItem>> items, const PgOptions& options);
    CommitGroup(const CommitGroup&) = delete;
    CommitGroup& operator=(const CommitGroup&) = delete;

    /// In the order in which they must run. The last one's rows answer the items of `answered`, by `nth`.
    [[nodiscard]] std::span<const Statement> statements() const { return statements_; }
    /// Positions, among the items given, of those that have a row in the answer: all but coverage.
    [[nodiscard]] const std::vector<std::size_t>& answered() const { return answered_; }

private:
    using Parameters = std::vector<const protocol::Bytes*>;

    void sort(std::span<const std::unique_ptr<CommitItem>> items);
    void add_locks();
    Parameters add_places();
    void add_acceptances();
    void add_wholes();
    void add_chunks();
    void add_claims();
    void add_coverage();
    void add_receipts();
    void add_answers(std::span<const std::unique_ptr<CommitItem>> items);

    /// Columns of a statement, each made from every item of a list.
    template <class Item, class Add>
    const protocol::Bytes* column(const std::vector<const Item*>& items, ElementType type, Add add);
    template <class Item>
    const protocol::Bytes* bundle_ids(const std::vector<const Item*>& items);
    template <class Item>
    const protocol::Bytes* event_ids(const std::vector<const Item*>& items);
    template <class Item>
    void add_actors(const std::vector<const Item*>& items, Parameters& to);
    const protocol::Bytes* keep(protocol::Bytes bytes) { return &kept_.emplace_back(std::move(bytes)); }
    const protocol::Bytes* keep(std::int64_t value) { return keep(encode_int8(value)); }
    void add(const Query& query, Parameters parameters) {
        statements_.push_back({&query, std::move(parameters), false});
    }

    std::vector<const AcceptItem*> accepts_, wholes_;
    std::vector<const ChunkItem*> chunks_;
    std::vector<const ClaimItem*> claims_;
    std::vector<const CoverageItem*> coverage_;
    std::vector<const ReceiptItem*> receipts_;

    std::deque<protocol::Bytes> kept_;
    std::vector<Statement> statements_;
    std::vector<std::size_t> answered_;
    const protocol::Bytes* all_ids_ = nullptr;
    const protocol::Bytes* partial_lapse_;
    const protocol::Bytes* sent_lapse_;
    const protocol::Bytes* expire_after_;
    const protocol::Bytes* unfinished_upload_;
    const protocol::Bytes* outstanding_upload_bytes_;
};

} // namespace relay::storage::postgres
