#include "server/mailbox/chunk_download.hpp"

#include "server/ops/log.hpp"

#include <utility>

namespace relay::server::mailbox {

using protocol::BytesView;
using protocol::ErrorCode;
using protocol::Result;

ChunkDownload::ChunkDownload(
    Parts parts,
    Party party,
    protocol::BundleId bundle_id,
    int n,
    protocol::ClaimId claim_id,
    storage::ChunkSource source
)
    : parts_(std::move(parts)),
      party_(std::move(party)),
      bundle_id_(bundle_id),
      n_(n),
      claim_id_(claim_id),
      source_(std::move(source)) {
    if (source_.object_key) {
        reader_ = parts_.payloads.open(*source_.object_key, 0, source_.size);
    }
}

Awaitable<Result<void>> ChunkDownload::begin(std::int64_t first, std::int64_t last) {
    first_ = first;
    last_ = last;
    while (pulled_ <= first_) {
        const auto pulled = co_await pull();
        if (!pulled) {
            co_return pulled.error();
        }
    }
    // What of the piece lies before the part is not wanted.
    const auto unwanted = static_cast<std::int64_t>(piece_.size()) - (pulled_ - first_);
    piece_ = piece_.subspan(static_cast<std::size_t>(unwanted));
    given_ = false;
    co_return Result<void>();
}

Awaitable<Result<BytesView>> ChunkDownload::next() {
    if (given_ && pulled_ > last_) {
        co_return BytesView();
    }
    if (given_) {
        const auto pulled = co_await pull();
        if (!pulled) {
            co_return pulled.error();
        }
    }
    given_ = true;
    if (pulled_ <= last_) {
        co_return piece_;
    }
    piece_ = piece_.first(piece_.size() - static_cast<std::size_t>(pulled_ - last_ - 1));
    const auto good = co_await verify_rest();
    if (!good) {
        co_return good.error();
    }
    co_return piece_;
}

/// The next piece of the chunk, hashed.
Awaitable<Result<void>> ChunkDownload::pull() {
    if (!reader_) {
        piece_ = source_.bytes ? BytesView(*source_.bytes) : BytesView();
    } else {
        const auto read = co_await reader_->next();
        if (!read && read.error().code == ErrorCode::not_found) {
            co_return fault("missing", "the store has lost the object of a chunk");
        }
        if (!read && read.error().code == ErrorCode::internal) {
            co_return fault("damaged", read.error().cause);
        }
        if (!read) {
            co_return read.error();
        }
        piece_ = *read;
    }
    sha256_.update(piece_);
    pulled_ += static_cast<std::int64_t>(piece_.size());
    if (piece_.empty() || pulled_ > source_.size) {
        co_return fault("damaged", "a stored chunk is not of its size");
    }
    co_return Result<void>();
}

/// Keeps the piece in hand, reads what lies behind the part, and judges the whole.
Awaitable<Result<void>> ChunkDownload::verify_rest() {
    if (pulled_ < source_.size) {
        held_.assign(piece_.begin(), piece_.end());
        while (pulled_ < source_.size) {
            const auto pulled = co_await pull();
            if (!pulled) {
                co_return pulled.error();
            }
        }
        piece_ = held_;
    }
    if (sha256_.finish() != source_.sha256) {
        co_return fault("damaged", "a stored chunk no longer has the digest of its manifest");
    }
    co_return Result<void>();
}

void ChunkDownload::sent(std::int64_t from, std::int64_t to) {
    const storage::SentRange range{source_.offset + from, source_.offset + to};
    parts_.coverage.add(party_, bundle_id_, claim_id_, range, false);
}

protocol::Error ChunkDownload::fault(const char* kind, const std::string& cause) const {
    ops::log(
        ops::Level::error,
        "payload_fault",
        {{"kind", kind},
         {"bundle_id", bundle_id_.str()},
         {"chunk", n_},
         {"object", source_.object_key.value_or("in the database")},
         {"cause", cause}}
    );
    parts_.on_fault(kind);
    return protocol::errors::internal(cause);
}

} // namespace relay::server::mailbox
