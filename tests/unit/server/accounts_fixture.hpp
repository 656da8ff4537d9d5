// A registry over the store in memory, with one office and its user, for tests of accounts.
#pragma once

#include "accounts_memory_store.hpp"

#include "protocol/cms/issuer_serial.hpp"
#include "server/accounts/registry.hpp"

#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

namespace relay::test {

inline const Time noon = *protocol::parse_rfc3339("2026-11-20T12:00:00+09:00");

struct AccountsFixture {
    boost::asio::io_context io;
    MemoryAccountStore store;
    server::accounts::Registry registry{store, io};

    OfficeNumber office = *OfficeNumber::parse("2670100011");
    UserId user = *UserId::parse("KJ000000000001");
    Digest certificate = Digest::of("a certificate");
    protocol::Bytes issuer = protocol::to_bytes(protocol::as_bytes("issuer"));
    protocol::Bytes serial = {0x01, 0x02};
    protocol::Bytes key_identifier = {0x0a, 0x0b};

    storage::OfficeRow office_row() const { return {office, "介護事業所", "26", false}; }
    storage::UserRow user_row() const { return {user, protocol::Role::office, office, false}; }
    storage::CertificateRow certificate_row() const {
        storage::CertificateRow row;
        row.sha256 = certificate;
        row.user_id = user;
        row.not_before = noon - std::chrono::hours(24);
        row.not_after = noon + std::chrono::hours(24);
        row.registered_at = noon - std::chrono::hours(24);
        row.issuer_serial = protocol::cms::issuer_serial_digest(issuer, serial);
        row.key_identifier = key_identifier;
        return row;
    }
    storage::LicenceRow licence_row() const {
        const auto today = protocol::day_in_japan(noon);
        return {1, office, "regular", today - std::chrono::days(1), today + std::chrono::days(1)};
    }

    void add_change(const storage::RegistryDelta& delta) {
        store.changes.emplace_back(store.last_version() + 1, delta);
    }
    void add_office() {
        storage::RegistryDelta delta;
        delta.offices.push_back(office_row());
        delta.users.push_back(user_row());
        delta.certificates.push_back(certificate_row());
        delta.licences.push_back(licence_row());
        add_change(delta);
    }

    /// Runs the context until the coroutine has ended, for at most 20 s.
    template <class T>
    T run(Awaitable<T> coroutine) {
        std::optional<T> result;
        std::exception_ptr failure;
        boost::asio::co_spawn(io.get_executor(), std::move(coroutine), [&](std::exception_ptr error, T value) {
            failure = error;
            result.emplace(std::move(value));
        });
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        io.restart();
        while (!result && std::chrono::steady_clock::now() < until) {
            io.run_one_until(until);
        }
        if (failure) {
            std::rethrow_exception(failure);
        }
        if (!result) {
            throw std::runtime_error("the coroutine did not end in time");
        }
        return std::move(*result);
    }
    /// As after a read that began now.
    Result<void> refresh() { return run(registry.refresh_on_miss()); }
    void load() {
        add_office();
        registry.start();
        if (!refresh()) {
            throw std::runtime_error("the registry did not load");
        }
    }
    ~AccountsFixture() {
        registry.stop();
        io.restart();
        io.run_for(std::chrono::seconds(20));
    }
};

} // namespace relay::test
