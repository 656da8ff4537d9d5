#include "storage/postgres/mailbox_listener.hpp"

#include "storage/postgres/connections.hpp"

#include <set>
#include <string_view>
#include <utility>

namespace relay::storage::postgres {

namespace {

constexpr std::chrono::milliseconds between_tries{500};
constexpr long wait_micros = 200'000; // how late stop() may be heard
constexpr int waits_between_pings = 25;

/// Gathers what arrives in one go, so that a burst wakes each mailbox once.
class Ear final : public pqxx::notification_receiver {
public:
    Ear(pqxx::connection& connection, const std::string& channel) : notification_receiver(connection, channel) {}
    void operator()(const std::string& payload, int) override { payloads.push_back(payload); }
    std::vector<std::string> payloads;
};

std::vector<protocol::OfficeNumber> recipients_in(const std::vector<std::string>& payloads) {
    std::set<protocol::OfficeNumber> numbers;
    for (const std::string_view payload : payloads) {
        for (std::size_t begin = 0; begin < payload.size();) {
            const auto end = std::min(payload.find(',', begin), payload.size());
            if (const auto number = protocol::OfficeNumber::parse(payload.substr(begin, end - begin))) {
                numbers.insert(*number);
            }
            begin = end + 1;
        }
    }
    return {numbers.begin(), numbers.end()};
}

} // namespace

protocol::Result<std::unique_ptr<MailboxListener>>
MailboxListener::start(const std::string& url, ListenerCallbacks callbacks) {
    const auto readable = complete_url(url, call_settings, "careplan-relay listener");
    if (readable.has_error()) {
        return readable.error();
    }
    std::unique_ptr<MailboxListener> listener(new MailboxListener(url, std::move(callbacks)));
    listener->thread_ = std::thread([raw = listener.get()] { raw->work(); });
    return listener;
}

MailboxListener::MailboxListener(std::string url, ListenerCallbacks callbacks)
    : url_(std::move(url)),
      callbacks_(std::move(callbacks)) {
}

MailboxListener::~MailboxListener() {
    stop();
}

void MailboxListener::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    if (thread_.joinable()) {
        thread_.join();
    }
}

void MailboxListener::work() {
    while (!stopping_) {
        const auto connection = open_connection(url_, call_settings, "careplan-relay listener");
        if (connection.has_value()) {
            try {
                listen(**connection);
            } catch (const std::exception&) { // lost: the next connection tells everybody to look for themselves
            }
        }
        connected_ = false;
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, between_tries, [this] { return stopping_.load(); });
    }
}

void MailboxListener::listen(pqxx::connection& connection) {
    Ear mailboxes(connection, "relay_mailbox");
    Ear registry(connection, "relay_registry");
    connected_ = true;
    callbacks_.on_connected();
    for (int waits = 0; !stopping_; ++waits) {
        connection.await_notification(0, wait_micros);
        if (!registry.payloads.empty()) {
            registry.payloads.clear();
            callbacks_.on_registry();
        }
        if (!mailboxes.payloads.empty()) {
            auto recipients = recipients_in(std::exchange(mailboxes.payloads, {}));
            callbacks_.on_mailbox(std::move(recipients));
        }
        if (waits % waits_between_pings == 0) {
            pqxx::nontransaction(connection).exec("SELECT 1"); // a peer that is gone without a word is noticed here
        }
    }
}

} // namespace relay::storage::postgres
