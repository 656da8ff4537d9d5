// AccountStore on PostgreSQL. Thread-safe; the executor must outlive it.
#pragma once

#include "storage/account_store.hpp"
#include "storage/postgres/db_executor.hpp"

namespace relay::storage::postgres {

class PgAccountStore final : public AccountStore {
public:
    explicit PgAccountStore(DbExecutor& db);

    Awaitable<Result<RegistryDelta>> changes_since(std::int64_t version) override;
    Awaitable<Result<std::int64_t>> registry_version() override;
    Awaitable<Result<std::optional<SessionRow>>> find_session(Digest token_sha256) override;
    Awaitable<Result<std::optional<DirectoryCertificate>>> find_certificate(Digest sha256) override;

    Awaitable<Result<std::optional<PasswordRow>>> find_password(UserId user_id) override;
    Awaitable<Result<SignInVerdict>> record_sign_in(SignInAttempt attempt, LockPolicy policy) override;
    Awaitable<Result<void>> record_refusal(protocol::Actor actor, std::string code) override;
    Awaitable<Result<SignInVerdict>>
    change_password(SignInAttempt attempt, std::string new_hash, LockPolicy policy) override;
    Awaitable<Result<void>> end_session(Digest token_sha256) override;
    /// Error: not_found for a user that is unknown or closed.
    Awaitable<Result<void>> register_certificate(CertificateRow row, Bytes der) override;

    Awaitable<Result<DirectoryPage>> list_offices(DirectoryQuery query, Time now) override;
    Awaitable<Result<std::vector<DirectoryCertificate>>> certificates_of(OfficeNumber office, Time now) override;

private:
    DbExecutor& db_;
};

} // namespace relay::storage::postgres
