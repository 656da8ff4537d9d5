// Chunks up and down: raw bytes, streamed both ways in bounded memory (protocol.md §5, §6).
#include "protocol/problem.hpp"
#include "server/api/bundle_json.hpp"
#include "server/api/conditions.hpp"
#include "server/api/lasting_call.hpp"
#include "server/api/services.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace relay::server::api {

using protocol::Error;
using protocol::ErrorCode;

namespace {

// What one transfer holds at most, whatever the chunk's size: buffers on both sides of it (limits.memory).
constexpr std::int64_t upload_memory = 512 * 1024;
constexpr std::int64_t download_memory = 2048 * 1024; ///< a piece on its way out, and the next
constexpr std::int64_t part_memory = 1024 * 1024;     ///< more, while the rest of the chunk is judged

int chunk_number_of(const Request& request) {
    return std::stoi(request.captures.at(1)); // the route's {number} has at most nine digits
}

/// What the client still sends of a chunk that is there already is read and forgotten, so that the connection lives on.
Awaitable<Result<void>> discard_body(Request& request, std::int64_t most) {
    if (request.has_field("expect") || request.body->size() > most) {
        co_return Result<void>(); // not sent yet, or more than a chunk can be: not wanted
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
    const auto memory =
        co_await services.memory.take(std::min(request.body->size(), upload_memory), request.caller->user_id.str());
    if (!memory) {
        co_return memory.error();
    }
    auto party = party_of(request);
    auto chunk = co_await services.sending.begin_chunk(
        std::move(party), bundle_id_of(request), chunk_number_of(request), request.body->size()
    );
    if (!chunk) {
        co_return chunk.error();
    }
    if ((*chunk)->already_there()) {
        auto read = co_await discard_body(request, services.config.limits.chunk_size);
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
    auto response = co_await bundle_response(services.registry, 201, **completed, Detail::answer);
    co_return response;
}

/// A chunk, or a range of it, on its way out.
class ChunkBody final : public http::BodySource {
public:
    ChunkBody(
        std::unique_ptr<mailbox::ChunkDownload> chunk,
        http::MemoryBudget::Grant memory,
        ByteRange range,
        std::unique_ptr<LastingCall> call,
        StillAllowed still_allowed
    )
        : chunk_(std::move(chunk)),
          memory_(std::move(memory)),
          range_(range),
          call_(std::move(call)),
          still_allowed_(std::move(still_allowed)) {}

    std::int64_t size() const noexcept override { return range_.last - range_.first + 1; }

    Awaitable<Result<protocol::BytesView>> next() override {
        auto piece = co_await chunk_->next();
        const auto allowed = co_await still_allowed_();
        if (!allowed && allowed.error().code != ErrorCode::unavailable) { // a claim outlives a database that is away
            co_return allowed.error();
        }
        co_return piece;
    }

    void written(std::int64_t bytes, bool done) override {
        if (done && bytes > 0) {
            chunk_->sent(range_.first, range_.first + bytes);
        }
    }

private:
    std::unique_ptr<mailbox::ChunkDownload> chunk_;
    http::MemoryBudget::Grant memory_;
    ByteRange range_;
    std::unique_ptr<LastingCall> call_;
    StillAllowed still_allowed_;
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
    const auto party = party_of(request);
    auto chunk =
        co_await services.receiving.open_chunk(party, bundle_id_of(request), chunk_number_of(request), *claim_id);
    if (!chunk) {
        co_return chunk.error();
    }
    const auto& source = (*chunk)->source();
    const auto etag = '"' + source.sha256.hex() + '"';
    // A copy that is whole already: it comes before any range (RFC 9110 §13.2.2), and no byte of it is sent.
    if (none_match_names(request.list_field("if-none-match"), etag)) {
        auto response = http::empty_response(304);
        response.fields.emplace_back("ETag", etag);
        co_return response;
    }
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
    const auto wanted = std::min(source.size, download_memory + (part ? part_memory : 0));
    auto memory = co_await services.memory.take(wanted, request.caller->user_id.str());
    if (!memory) {
        co_return memory.error();
    }
    // A chunk that the store has not is told before the head of the answer.
    const auto begun = co_await (*chunk)->begin(range.first, range.last);
    if (!begun) {
        co_return begun.error();
    }
    const Executor executor = co_await boost::asio::this_coro::executor;
    const std::vector<HeldClaim> held{{bundle_id_of(request), *claim_id}};
    auto call = std::make_unique<LastingCall>(services, executor, party, held);
    response.source = std::make_unique<ChunkBody>(
        std::move(*chunk), std::move(*memory), range, std::move(call), still_allowed(services, request)
    );
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
