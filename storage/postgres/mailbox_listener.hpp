// Hears of changes that any process made: of mailboxes (parked polls) and of accounts (the registry).
#pragma once

#include "protocol/error.hpp"
#include "protocol/ids.hpp"
#include "storage/mailbox_change.hpp"

#include <pqxx/pqxx>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace relay::storage::postgres {

/// Called on the listener's thread; they post and return. None may be empty.
struct ListenerCallbacks {
    std::function<void(std::vector<MailboxChange> inboxes)> on_mailbox; ///< each office once, in order
    std::function<void()> on_registry;
    /// Listening begins, at first and after every lost connection: what happened before was not heard.
    std::function<void()> on_connected;
    /// The connection has just answered; told about every five seconds while it stands.
    std::function<void()> on_alive;
};

class MailboxListener final {
public:
    /// Starts the thread, which connects by itself, again and again. Error: malformed_request for the URL.
    [[nodiscard]] static protocol::Result<std::unique_ptr<MailboxListener>>
    start(const std::string& url, ListenerCallbacks callbacks);
    /// As stop().
    ~MailboxListener();
    MailboxListener(const MailboxListener&) = delete;
    MailboxListener& operator=(const MailboxListener&) = delete;

    [[nodiscard]] bool connected() const noexcept { return connected_; }
    /// No callback runs after it returned; takes at most a quarter of a second.
    void stop();

private:
    MailboxListener(std::string url, ListenerCallbacks callbacks);
    void work();
    void listen(pqxx::connection& connection);

    std::string url_;
    ListenerCallbacks callbacks_;
    std::atomic<bool> connected_ = false;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

} // namespace relay::storage::postgres
