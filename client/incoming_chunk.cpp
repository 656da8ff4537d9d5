#include "client/incoming_chunk.hpp"

#include "client/words.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace relay::client {
namespace {

constexpr int most_damaged = 3;
constexpr int most_fruitless = 7; ///< attempts in a row that brought nothing: about 30 s
constexpr std::chrono::milliseconds first_pause{250};
constexpr std::chrono::milliseconds longest_pause{8000};
constexpr std::chrono::seconds longest_asked{30}; ///< longer waits are for the person to decide

/// A line that broke, or a server that cannot do it just now.
bool is_passing(const Failure& failure) {
    return failure.status == 0 || failure.status == 408 || failure.status == 429 || failure.status >= 500;
}

} // namespace

Outcome<void> IncomingChunk::fetch(const Send& send, const Request& request) {
    for (int damaged = 0; damaged < most_damaged; ++damaged) {
        if (auto fetched = fetch_rest(send, request); !fetched) {
            return fetched;
        }
        if (sha256_.finish() == place_.sha256) {
            return {};
        }
        begin_anew();
    }
    return content_failure(
        words("a chunk is not the one that the manifest tells of", "届いたデータがマニフェストと一致しません")
    );
}

Outcome<void> IncomingChunk::fetch_rest(const Send& send, Request request) {
    request.attempts = 1;
    request.sink = [this](const Response& response, protocol::BytesView bytes) { return take(response, bytes); };
    const auto own_headers = request.headers;
    int fruitless = 0;
    for (auto pause = first_pause; have_ < place_.size; pause = std::min(pause * 2, longest_pause)) {
        request.headers = own_headers;
        if (have_ > 0 && !etag_.empty()) {
            request.headers.push_back("Range: bytes=" + std::to_string(have_) + "-");
            request.headers.push_back("If-Range: " + etag_);
        }
        const auto before = have_;
        first_piece_ = true;
        const auto response = send(request);
        if (local_) {
            return *local_;
        }
        const std::chrono::seconds asked(response ? 0 : response.error().retry_after.value_or(0));
        if (!response && (!is_passing(response.error()) || asked > longest_asked)) {
            return response.error();
        }
        if (have_ > before) {
            fruitless = 0;
            pause = first_pause;
        } else if (++fruitless == most_fruitless) {
            return response
                       ? Outcome<void>(content_failure(words("a chunk ends too early", "データが途中で終わっています")))
                       : response.error();
        }
        if (have_ < place_.size) {
            std::this_thread::sleep_for(std::max<std::chrono::milliseconds>(pause, asked));
        }
    }
    return {};
}

bool IncomingChunk::take(const Response& response, protocol::BytesView bytes) {
    if (std::exchange(first_piece_, false)) {
        if (response.status != 206) {
            begin_anew();
        }
        const auto tag = response.headers.find("etag");
        etag_ = tag == response.headers.end() ? std::string() : tag->second;
    }
    if (have_ + bytes.size() > place_.size) {
        return false; // more than the chunk has
    }
    if (file_ != nullptr) {
        if (auto written = file_->write_at(place_.offset + have_, bytes); !written) {
            local_ = written.error();
            return false;
        }
    }
    sha256_.update(bytes);
    have_ += bytes.size();
    progress_.add(bytes.size());
    return true;
}

void IncomingChunk::begin_anew() {
    sha256_ = protocol::Sha256();
    have_ = 0;
}

} // namespace relay::client
