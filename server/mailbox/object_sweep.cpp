#include "server/mailbox/object_sweep.hpp"

#include "server/mailbox/store_guard.hpp"
#include "server/ops/log.hpp"

#include <set>
#include <utility>

namespace relay::server::mailbox {

using protocol::Result;
using Keys = std::vector<std::string>;

namespace {

constexpr int page_size = 1000;

} // namespace

Awaitable<Result<bool>> ObjectSweep::step() {
    if (objects_done_) {
        auto done = co_await look_at_rows();
        co_return done;
    }
    const auto looked = co_await look_at_objects();
    if (!looked) {
        co_return looked.error();
    }
    co_return false;
}

Awaitable<Result<void>> ObjectSweep::look_at_objects() {
    const auto page = co_await payloads_.list(after_, page_size);
    if (!page) {
        co_return page.error();
    }
    Keys keys;
    std::set<std::string> young;
    for (const auto& object : page->objects) {
        if (object.key == store_mark_key) {
            continue;
        }
        keys.push_back(object.key);
        if (clock_() - object.written_at < wishes_.least_age) {
            young.insert(object.key);
        }
    }
    const auto listed = static_cast<std::int64_t>(keys.size());
    auto unknown = co_await index_.unknown_keys(std::move(keys));
    if (!unknown) {
        co_return unknown.error();
    }
    Keys old_enough;
    std::int64_t too_young = 0;
    for (auto& key : *unknown) {
        if (young.contains(key)) {
            ++too_young;
        } else {
            old_enough.push_back(std::move(key));
        }
    }
    const auto judged = co_await judge_unknown(std::move(old_enough));
    if (!judged) {
        co_return judged.error();
    }
    report_.objects += listed;
    report_.young_objects += too_young;
    objects_done_ = !page->next;
    after_ = page->next.value_or(std::string());
    co_return Result<void>();
}

Awaitable<Result<void>> ObjectSweep::judge_unknown(Keys keys) {
    for (auto& key : keys) {
        // The janitor may have removed it, and its row, since the page was listed.
        const auto there = co_await payloads_.exists(key);
        if (!there) {
            co_return there.error();
        }
        if (!*there) {
            continue;
        }
        if (wishes_.remove) {
            const auto removed = co_await payloads_.remove(key);
            if (!removed) {
                co_return removed.error();
            }
            ++report_.removed;
        }
        ++report_.orphaned_objects;
        ops::log(ops::Level::warn, "orphaned_object", {{"object", key}, {"removed", wishes_.remove}});
        if (report_.orphans.size() < SweepReport::most_listed) {
            report_.orphans.push_back(std::move(key));
        }
    }
    co_return Result<void>();
}

Awaitable<Result<bool>> ObjectSweep::look_at_rows() {
    const auto rows = co_await index_.rows(after_, page_size);
    if (!rows) {
        co_return rows.error();
    }
    if (rows->empty()) {
        co_return true;
    }
    auto suspects = co_await keys_not_listed(*rows);
    if (!suspects) {
        co_return suspects.error();
    }
    const auto judged = co_await judge_missing(std::move(*suspects));
    if (!judged) {
        co_return judged.error();
    }
    report_.rows += static_cast<std::int64_t>(rows->size());
    after_ = rows->back().key;
    co_return rows->size() < static_cast<std::size_t>(page_size);
}

/// The rows' keys that a list of the same stretch of the store does not have.
Awaitable<Result<Keys>> ObjectSweep::keys_not_listed(const std::vector<storage::ObjectRow>& rows) {
    std::set<std::string> listed;
    for (std::optional<std::string> from = after_; from && *from < rows.back().key;) {
        const auto page = co_await payloads_.list(*from, page_size);
        if (!page) {
            co_return page.error();
        }
        for (const auto& object : page->objects) {
            listed.insert(object.key);
        }
        from = page->next;
    }
    Keys missing;
    for (const auto& row : rows) {
        if (!listed.contains(row.key)) {
            missing.push_back(row.key);
        }
    }
    co_return missing;
}

Awaitable<Result<void>> ObjectSweep::judge_missing(Keys keys) {
    Keys gone;
    for (const auto& key : keys) {
        const auto there = co_await payloads_.exists(key);
        if (!there) {
            co_return there.error();
        }
        if (!*there) {
            gone.push_back(key);
        }
    }
    if (gone.empty()) {
        co_return Result<void>();
    }
    // A payload that was destroyed in the meantime is no loss.
    auto lost = co_await index_.rows_of(std::move(gone));
    if (!lost) {
        co_return lost.error();
    }
    for (auto& row : *lost) {
        ++report_.rows_without_object;
        const auto bundle = row.bundle_id ? row.bundle_id->str() : std::string();
        ops::log(ops::Level::error, "object_lost", {{"object", row.key}, {"bundle_id", bundle}, {"chunk", row.n}});
        if (report_.lost.size() < SweepReport::most_listed) {
            report_.lost.push_back(std::move(row));
        }
    }
    co_return Result<void>();
}

} // namespace relay::server::mailbox
