// Chunks up and down: raw bytes, streamed both ways in bounded memory (protocol.md §5, §6).
#include "protocol/problem.hpp"
#include "server/api/bundle_json.hpp"
#include "server/api/conditions.hpp"
#include "server/api/services.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace relay::server::api {

using protocol::Error;
using protocol::ErrorCode;

namespace {

int chunk_number_of(const Request& request) {
    return std::stoi(request.captures.at(1)); // the route's {number} has at most nine digits
}

/// What the client still sends of a chunk that is there already is read and forgotten, so that the connection lives on.
Awaitable<Result<void>> discard_body(Request& request) {
    if (request.has_field("expect")) {
        co_return Result<void>(); // not sent yet, and no longer wanted
    }
    while (true) {
        auto piece = co_await request.body->next();
        if (!piece) {
            co_return piece.error();
        }
        if (piece->empty()) {
            co_return Result<void>();
        }
    }
}

Answer put_chunk(const Services& services, Request& request) {
    if (request.has_field("content-range")) {
        co_return protocol::errors::malformed("Content-Range", "unknown_member", "Content-Range on an upload");
    }
    auto party = party_of(request);
    auto chunk = co_await services.sending.begin_chunk(
        std::move(party), bundle_id_of(request), chunk_number_of(request), request.body->size()
    );
    if (!chunk) {
        co_return chunk.error();
    }
    if ((*chunk)->already_there()) {
        auto read = co_await discard_body(request);
        if (!read) {
            co_return read.error();
        }
        co_return http::empty_response(204);
    }
    while (true) {
        auto piece = co_await request.body->next();
        if (!piece) {
            co_return piece.error();
        }
        if (piece->empty()) {
            break;
        }
        auto written = co_await (*chunk)->write(*piece);
        if (!written) {
            co_return written.error();
        }
    }
    auto completed = co_await (*chunk)->finish();
    if (!completed) {
        co_return completed.error();
    }
    if (!completed->has_value()) {
        co_return http::empty_response(204);
    }
    co_return http::json_response(201, bundle_json(**completed, Detail::answer));
}

/// A chunk, or a range of it, on its way out. A whole one is hashed as it goes by: bytes that are no longer what the
/// manifest promised are never ended as if they were good.
class ChunkBody final : public http::BodySource {
public:
    ChunkBody(
        std::unique_ptr<mailbox::ChunkRead> chunk, ByteRange range, std::chrono::steady_clock::duration keep_alive_every
    )
        : chunk_(std::move(chunk)),
          range_(range),
          next_(range.first),
          keep_alive_every_(keep_alive_every),
          kept_alive_(std::chrono::steady_clock::now()) {
        whole_ = range.first == 0 && range.last + 1 == chunk_->source().size;
    }

    std::int64_t size() const noexcept override { return range_.last - range_.first + 1; }

    /// Reads the first piece while an error can still be told. A stored chunk that is gone is a fault of ours.
    Awaitable<Result<void>> begin() {
        auto piece = co_await read_piece();
        if (!piece) {
            const auto& error = piece.error();
            co_return error.code == ErrorCode::not_found ? protocol::errors::internal(error.cause) : error;
        }
        first_ = *piece;
        co_return Result<void>();
    }

    Awaitable<Result<protocol::BytesView>> next() override {
        if (first_) {
            co_return *std::exchange(first_, std::nullopt);
        }
        co_return co_await read_piece();
    }

    void written(std::int64_t bytes, bool done) override {
        if (done && bytes > 0) {
            chunk_->sent(range_.first, range_.first + bytes);
        }
    }

private:
    Awaitable<Result<protocol::BytesView>> read_piece() {
        if (next_ > range_.last) {
            co_return protocol::BytesView();
        }
        if (const auto now = std::chrono::steady_clock::now(); now - kept_alive_ > keep_alive_every_) {
            kept_alive_ = now;
            co_await chunk_->keep_alive();
        }
        auto piece = co_await chunk_->read(next_, range_.last - next_ + 1);
        if (!piece) {
            co_return piece.error();
        }
        next_ += static_cast<std::int64_t>(piece->size());
        if (whole_) {
            digest_.update(*piece);
            if (next_ > range_.last && digest_.finish() != chunk_->source().sha256) {
                co_return protocol::errors::internal("a stored chunk no longer has the digest of its manifest");
            }
        }
        co_return *piece;
    }

    std::unique_ptr<mailbox::ChunkRead> chunk_;
    std::optional<protocol::BytesView> first_;
    ByteRange range_;
    std::int64_t next_;
    bool whole_ = false;
    protocol::Sha256 digest_;
    std::chrono::steady_clock::duration keep_alive_every_;
    std::chrono::steady_clock::time_point kept_alive_;
};

Result<protocol::ClaimId> read_claim_id(const Request& request) {
    const auto claim_id = protocol::ClaimId::parse(request.field("relay-claim"));
    if (!claim_id) {
        return protocol::errors::malformed("Relay-Claim", request.has_field("relay-claim") ? "bad_format" : "missing");
    }
    return *claim_id;
}

RangeWish wish_of(const Request& request, const std::string& etag, std::int64_t size) {
    const auto if_range = request.field("if-range");
    if (!if_range.empty() && if_range != etag) {
        return {};
    }
    return read_range(request.field("range"), size);
}

Answer get_chunk(const Services& services, Request& request) {
    const auto claim_id = read_claim_id(request);
    if (!claim_id) {
        co_return claim_id.error();
    }
    auto party = party_of(request);
    auto chunk = co_await services.receiving.open_chunk(
        std::move(party), bundle_id_of(request), chunk_number_of(request), *claim_id
    );
    if (!chunk) {
        co_return chunk.error();
    }
    const auto& source = (*chunk)->source();
    const auto etag = '"' + source.sha256.hex() + '"';
    const auto total = std::to_string(source.size);
    const auto wish = wish_of(request, etag, source.size);
    if (wish.kind == RangeKind::unsatisfiable) {
        Error error(ErrorCode::range_not_satisfiable);
        error.headers.emplace_back("Content-Range", "bytes */" + total);
        co_return error;
    }
    const bool part = wish.kind == RangeKind::part;
    const ByteRange range = part ? wish.part : ByteRange{0, source.size - 1};
    auto response = http::empty_response(part ? 206 : 200);
    response.fields.emplace_back("Content-Type", "application/octet-stream");
    response.fields.emplace_back("Accept-Ranges", "bytes");
    response.fields.emplace_back("ETag", etag);
    response.fields.emplace_back("Repr-Digest", "sha-256=:" + protocol::to_base64(source.sha256.view()) + ":");
    if (part) {
        response.fields.emplace_back(
            "Content-Range", "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" + total
        );
    }
    const auto third = services.config.claims.partial_lapse / 3;
    const auto every = std::min<protocol::Duration>(third, std::chrono::seconds(60));
    auto body = std::make_unique<ChunkBody>(std::move(*chunk), range, every);
    auto readable = co_await body->begin();
    if (!readable) {
        co_return readable.error();
    }
    response.source = std::move(body);
    co_return response;
}

} // namespace

std::vector<Route> chunk_routes(const Services& services) {
    using auth::Action;
    using http::BodyKind;
    using http::Method;
    return {
        {Method::put,
         "/v1/outbox/{uuid}/chunks/{number}",
         Action::send,
         BodyKind::stream,
         bind_handler(services, put_chunk)},
        {Method::get,
         "/v1/inbox/{uuid}/chunks/{number}",
         Action::read_chunk,
         BodyKind::none,
         bind_handler(services, get_chunk)},
    };
}

} // namespace relay::server::api
