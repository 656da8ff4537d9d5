#include "storage/postgres/mailbox_listener.hpp"

#include "storage/postgres/connections.hpp"

#include <chrono>
#include <map>
#include <string_view>
#include <utility>

namespace relay::storage::postgres {

namespace {

constexpr std::chrono::milliseconds between_tries{500};
constexpr long wait_micros = 200'000; // how late stop() may be heard
constexpr std::chrono::seconds between_pings{5};

/// Gathers what arrives in one go, so that a burst wakes each mailbox once.
class Ear final : public pqxx::notification_receiver {
public:
    Ear(pqxx::connection& connection, const std::string& channel) : notification_receiver(connection, channel) {}
    void operator()(const std::string& payload, int) override { payloads.push_back(payload); }
    std::vector<std::string> payloads;
};

/// "2670100011,2670100029+": a plus stands behind those where something arrived.
std::vector<MailboxChange> changes_in(const std::vector<std::string>& payloads) {
    std::map<protocol::OfficeNumber, bool> arrived;
    for (const std::string_view payload : payloads) {
        for (std::size_t begin = 0; begin < payload.size();) {
            const auto end = std::min(payload.find(',', begin), payload.size());
            auto word = payload.substr(begin, end - begin);
            const bool plus = word.ends_with('+');
            word.remove_suffix(plus ? 1 : 0);
            if (const auto number = protocol::OfficeNumber::parse(word)) {
                arrived[*number] |= plus;
            }
            begin = end + 1;
        }
    }
    std::vector<MailboxChange> changes;
    changes.reserve(arrived.size());
    for (const auto& [office, something] : arrived) {
        changes.push_back({office, something});
    }
    return changes;
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
    std::chrono::steady_clock::time_point next_ping;
    while (!stopping_) {
        connection.await_notification(0, wait_micros);
        if (!registry.payloads.empty()) {
            registry.payloads.clear();
            callbacks_.on_registry();
        }
        if (!mailboxes.payloads.empty()) {
            callbacks_.on_mailbox(changes_in(std::exchange(mailboxes.payloads, {})));
        }
        if (const auto now = std::chrono::steady_clock::now(); now >= next_ping) {
            next_ping = now + between_pings;
            pqxx::nontransaction(connection).exec("SELECT 1"); // a peer that is gone without a word is noticed here
            callbacks_.on_alive();
        }
    }
}

} // namespace relay::storage::postgres
