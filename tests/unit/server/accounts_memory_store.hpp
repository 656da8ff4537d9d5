// An AccountStore in memory, for the pure logic above it: it records what it was asked, and answers what a test put in.
#pragma once

#include "storage/account_store.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace relay::test {

using protocol::Digest;
using protocol::OfficeNumber;
using protocol::Result;
using protocol::Time;
using protocol::UserId;

class MemoryAccountStore final : public storage::AccountStore {
public:
    std::vector<std::pair<std::int64_t, storage::RegistryDelta>> changes; ///< (version, rows) in order
    std::int64_t fallen_version = -1;                                     ///< instead of the last change's, when not -1
    bool down = false;
    std::map<Digest, storage::SessionRow> sessions;
    std::map<UserId, storage::PasswordRow> passwords;
    storage::SignInVerdict verdict;

    int version_reads = 0;
    int session_reads = 0;
    std::vector<std::string> calls; ///< in order, with what mattered of their parameters
    std::vector<storage::SignInAttempt> attempts;
    std::vector<storage::CertificateRow> registered;

    std::int64_t last_version() const {
        return fallen_version >= 0 ? fallen_version : changes.empty() ? 0 : changes.back().first;
    }

    Awaitable<Result<storage::RegistryDelta>> changes_since(std::int64_t version) override {
        if (down) {
            co_return protocol::errors::unavailable("down");
        }
        storage::RegistryDelta all;
        all.version = last_version();
        for (const auto& [at, delta] : changes) {
            if (at > version && at <= all.version) {
                append(all.offices, delta.offices);
                append(all.users, delta.users);
                append(all.certificates, delta.certificates);
                append(all.licences, delta.licences);
                if (version >= 0) {
                    append(all.sessions, delta.sessions);
                }
            }
        }
        co_return all;
    }
    Awaitable<Result<std::int64_t>> registry_version() override {
        ++version_reads;
        if (down) {
            co_return protocol::errors::unavailable("down");
        }
        co_return last_version();
    }
    Awaitable<Result<std::optional<storage::SessionRow>>> find_session(Digest token) override {
        ++session_reads;
        const auto found = sessions.find(token);
        std::optional<storage::SessionRow> row;
        if (found != sessions.end()) {
            row = found->second;
        }
        co_return row;
    }
    Awaitable<Result<std::optional<storage::DirectoryCertificate>>> find_certificate(Digest) override {
        co_return std::optional<storage::DirectoryCertificate>();
    }
    Awaitable<Result<std::optional<storage::PasswordRow>>> find_password(UserId user_id) override {
        calls.push_back("find_password " + user_id.str());
        const auto found = passwords.find(user_id);
        std::optional<storage::PasswordRow> row;
        if (found != passwords.end()) {
            row = found->second;
        }
        co_return row;
    }
    Awaitable<Result<storage::SignInVerdict>>
    record_sign_in(storage::SignInAttempt attempt, storage::LockPolicy) override {
        calls.push_back("record_sign_in");
        attempts.push_back(attempt);
        co_return verdict;
    }
    Awaitable<Result<void>> record_refusal(protocol::Actor actor, std::string code) override {
        calls.push_back("refused " + actor.user_id + " " + code);
        co_return Result<void>();
    }
    Awaitable<Result<storage::SignInVerdict>>
    change_password(storage::SignInAttempt attempt, std::string new_hash, storage::LockPolicy) override {
        calls.push_back("change_password");
        attempts.push_back(attempt);
        passwords[attempt.user_id].hash = std::move(new_hash);
        co_return verdict;
    }
    Awaitable<Result<void>> end_session(Digest token) override {
        sessions[token].ended = true;
        co_return Result<void>();
    }
    Awaitable<Result<void>> register_certificate(storage::CertificateRow row, protocol::Bytes) override {
        registered.push_back(row);
        storage::RegistryDelta delta;
        delta.certificates.push_back(row);
        changes.emplace_back(last_version() + 1, delta);
        co_return Result<void>();
    }
    Awaitable<Result<storage::DirectoryPage>> list_offices(storage::DirectoryQuery, Time) override {
        co_return storage::DirectoryPage();
    }
    Awaitable<Result<std::vector<storage::DirectoryCertificate>>> certificates_of(OfficeNumber, Time) override {
        co_return std::vector<storage::DirectoryCertificate>();
    }

private:
    template <class T>
    static void append(std::vector<T>& all, const std::vector<T>& more) {
        all.insert(all.end(), more.begin(), more.end());
    }
};

} // namespace relay::test
