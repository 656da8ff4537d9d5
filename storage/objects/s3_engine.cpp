#include "storage/objects/s3_engine.hpp"

#include <algorithm>
#include <utility>

namespace relay::storage::objects {

using protocol::Result;

namespace {

constexpr std::size_t most_queued = 4096;
constexpr int look_again_ms = 100; ///< deadlines are kept to this
constexpr int idle_ms = 60000;
constexpr long kept_connections = 64;

} // namespace

Result<std::unique_ptr<S3Engine>> S3Engine::start(S3Settings settings) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return protocol::errors::internal("libcurl cannot be set up");
    }
    CURLM* multi = curl_multi_init();
    if (multi == nullptr) {
        return protocol::errors::internal("libcurl has no memory");
    }
    return std::unique_ptr<S3Engine>(new S3Engine(std::move(settings), multi));
}

S3Engine::S3Engine(S3Settings settings, CURLM* multi) : settings_(std::move(settings)), multi_(multi) {
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kept_connections);
    uploads_.most = static_cast<std::size_t>(settings_.connections);
    calls_.most = static_cast<std::size_t>(std::max(4, settings_.connections / 4));
    thread_ = std::jthread([this] { run(); });
}

S3Engine::~S3Engine() {
    stop();
    thread_.join();
}

void S3Engine::stop() noexcept {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    curl_multi_wakeup(multi_.get());
}

void S3Engine::wake() noexcept {
    if (!pipes_changed_.exchange(true)) {
        curl_multi_wakeup(multi_.get());
    }
}

void S3Engine::submit(S3Request request, SteadyClock::duration patience, S3Done done) {
    auto transfer =
        std::make_unique<S3Transfer>(settings_, std::move(request), std::move(done), SteadyClock::now() + patience);
    {
        const std::lock_guard lock(mutex_);
        if (!stopped_ && queued_ < most_queued && transfer->handle() != nullptr) {
            ++queued_;
            submitted_.push_back(std::move(transfer));
        }
    }
    if (transfer) {
        transfer->fail("too many requests wait, or it is closing");
        return;
    }
    curl_multi_wakeup(multi_.get());
}

std::shared_ptr<Pending<S3Answer>> S3Engine::call(S3Request request, SteadyClock::duration patience) {
    auto pending = std::make_shared<Pending<S3Answer>>();
    submit(std::move(request), patience, [pending](Result<S3Answer> answer, bool) { pending->set(std::move(answer)); });
    return pending;
}

void S3Engine::run() {
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (stopped_) {
                break;
            }
        }
        take_submitted();
        const auto now = SteadyClock::now();
        look_after(uploads_, now);
        look_after(calls_, now);
        int running = 0;
        curl_multi_perform(multi_.get(), &running);
        take_finished();
        begin_waiting(uploads_, now);
        begin_waiting(calls_, now);
        curl_multi_poll(multi_.get(), nullptr, 0, next_look_ms(), nullptr);
    }
    end_all();
}

void S3Engine::take_submitted() {
    std::vector<std::unique_ptr<S3Transfer>> taken;
    {
        const std::lock_guard lock(mutex_);
        taken.swap(submitted_);
    }
    for (auto& transfer : taken) {
        (transfer->body() ? uploads_ : calls_).waiting.push_back(std::move(transfer));
    }
}

void S3Engine::begin(S3Transfer& transfer) {
    curl_multi_add_handle(multi_.get(), transfer.prepare());
}

/// In the order in which they came, but past uploads whose first bytes are not there.
void S3Engine::begin_waiting(Lane& lane, SteadyClock::time_point now) {
    std::size_t gone = 0;
    for (auto next = lane.waiting.begin(); next != lane.waiting.end();) {
        const auto place = next++;
        const bool ready = (*place)->ready(now);
        if (const char* why = (*place)->overdue(now)) {
            (*place)->fail(why);
            lane.waiting.erase(place);
        } else if (ready && lane.running.size() < lane.most) {
            begin(**place);
            lane.running.splice(lane.running.end(), lane.waiting, place);
        } else {
            continue;
        }
        ++gone;
    }
    if (gone > 0) {
        const std::lock_guard lock(mutex_);
        queued_ -= gone;
    }
}

/// Wakes what waited for bytes, breaks off what is overdue, begins what is to be tried again.
void S3Engine::look_after(Lane& lane, SteadyClock::time_point now) {
    const bool changed = &lane == &uploads_ && pipes_changed_.exchange(false);
    for (auto next = lane.running.begin(); next != lane.running.end();) {
        const auto transfer = next++;
        if (const char* why = (*transfer)->overdue(now)) {
            (*transfer)->fail(why);
            end(lane, transfer);
        } else if (!(*transfer)->running()) {
            if ((*transfer)->begins_at() <= now) {
                begin(**transfer);
            }
        } else if (changed) {
            (*transfer)->resume();
        }
    }
}

void S3Engine::end(Lane& lane, Transfers::iterator transfer) {
    curl_multi_remove_handle(multi_.get(), (*transfer)->handle());
    lane.running.erase(transfer);
}

void S3Engine::take_finished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        const CURLcode code = message->data.result;
        void* self = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
        auto* const transfer = static_cast<S3Transfer*>(self);
        const bool again = transfer->finish_attempt(code);
        if (again) {
            curl_multi_remove_handle(multi_.get(), transfer->handle());
            continue;
        }
        Lane& lane = transfer->body() ? uploads_ : calls_;
        const auto place = std::find_if(lane.running.begin(), lane.running.end(), [&](const auto& one) {
            return one.get() == transfer;
        });
        end(lane, place);
    }
}

int S3Engine::next_look_ms() const {
    const bool idle =
        uploads_.running.empty() && uploads_.waiting.empty() && calls_.running.empty() && calls_.waiting.empty();
    return idle ? idle_ms : look_again_ms;
}

void S3Engine::end_all() {
    take_submitted();
    for (Lane* lane : {&uploads_, &calls_}) {
        while (!lane->running.empty()) {
            end(*lane, lane->running.begin());
        }
        lane->waiting.clear();
    }
}

} // namespace relay::storage::objects
