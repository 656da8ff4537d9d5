// AccountAdmin over one PostgreSQL connection. One thread at a time.
#pragma once

#include "storage/account_admin.hpp"

#include <memory>
#include <string>

namespace relay::storage::postgres {

class PgAccountAdmin final : public AccountAdmin {
public:
    /// `url`: database.url. Errors: malformed_request, unavailable, both with a clear cause.
    [[nodiscard]] static Result<std::unique_ptr<PgAccountAdmin>> open(const std::string& url);
    ~PgAccountAdmin() override;

    Result<void> add_office(const NewOffice& office) override;
    Result<std::vector<OfficeFacts>> list_offices() override;
    Result<OfficeFacts> find_office(const OfficeNumber& number) override;
    Result<void> close_office(const OfficeNumber& number) override;

    Result<void> add_user(const NewUser& user) override;
    Result<void> set_password(const UserId& user_id, const std::string& hash, bool temporary) override;
    Result<void> unlock_user(const UserId& user_id) override;
    Result<void> close_user(const UserId& user_id) override;
    Result<std::vector<UserFacts>> list_users() override;
    Result<UserFacts> find_user(const UserId& user_id) override;

    Result<bool> register_certificate(const CertificateRow& row, const Bytes& der, const std::string& command) override;
    Result<std::vector<CertificateFacts>> list_certificates(std::optional<Time> expiring_before) override;
    Result<bool> revoke_certificate(const Digest& sha256, const std::string& reason) override;
    Result<std::vector<CertificateFacts>> list_revoked() override;

    Result<std::int64_t>
    grant_licence(const OfficeNumber& office, Day from, Day until, const std::string& kind) override;
    Result<int> end_licence(const OfficeNumber& office, Day last_day) override;
    Result<std::vector<LicenceRow>> list_licences(std::optional<OfficeNumber> office) override;

    Result<BundleFacts> find_bundle(BundleId bundle_id) override;
    Result<std::vector<BundleFacts>>
    list_bundles(const OfficeNumber& office, std::optional<BundleState> state, int limit) override;
    Result<RelayStats> stats() override;

private:
    struct Connection;
    explicit PgAccountAdmin(std::unique_ptr<Connection> connection);

    std::unique_ptr<Connection> connection_;
};

} // namespace relay::storage::postgres
