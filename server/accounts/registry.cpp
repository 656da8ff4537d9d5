#include "server/accounts/registry.hpp"

#include "protocol/cms/issuer_serial.hpp"

#include <algorithm>
#include <mutex>
#include <set>

namespace relay::server::accounts {

namespace {

bool is_valid(const storage::CertificateRow& row, Time now) {
    return !row.revoked_at && row.not_before <= now && now <= row.not_after;
}

template <class T>
void add_once(std::vector<T>& list, const T& value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) {
        list.push_back(value);
    }
}

} // namespace

bool Registry::fresh(Clock::time_point now) const noexcept {
    const Clock::time_point began{Clock::duration(read_began_.load())};
    return version() >= 0 && now - began <= trusted_for;
}

std::optional<storage::OfficeRow> Registry::office(const OfficeNumber& number) const {
    const std::shared_lock lock(mutex_);
    const auto* found = find_office(number);
    return found == nullptr ? std::nullopt : found->row;
}

std::optional<std::string> Registry::office_name(const OfficeNumber& number) const {
    const std::shared_lock lock(mutex_);
    const auto* found = find_office(number);
    return found == nullptr || !found->row ? std::nullopt : std::optional(found->row->name);
}

std::optional<storage::UserRow> Registry::user(const UserId& user_id) const {
    const std::shared_lock lock(mutex_);
    const auto found = users_.find(user_id);
    return found == users_.end() ? std::nullopt : found->second.row;
}

bool Registry::is_open(const UserId& user_id) const {
    const std::shared_lock lock(mutex_);
    return is_open_locked(user_id);
}

bool Registry::is_open(const OfficeNumber& number) const {
    const std::shared_lock lock(mutex_);
    const auto* found = find_office(number);
    return found != nullptr && found->is_open();
}

bool Registry::has_certificate(const Digest& sha256) const {
    const std::shared_lock lock(mutex_);
    return certificates_.contains(sha256);
}

LicenceCover Registry::licence(const OfficeNumber& office, Time now) const {
    const std::shared_lock lock(mutex_);
    const auto* found = find_office(office);
    return found == nullptr ? LicenceCover() : judge_cover(found->cover, protocol::day_in_japan(now));
}

bool Registry::accepting(const OfficeNumber& office, Time now) const {
    const std::shared_lock lock(mutex_);
    const auto* found = find_office(office);
    return found != nullptr && found->is_open() &&
           judge_cover(found->cover, protocol::day_in_japan(now)).state == LicenceState::valid &&
           any_valid_certificate(*found, now, [](const storage::CertificateRow&) { return true; });
}

bool Registry::is_recipient(const OfficeNumber& office, const protocol::cms::RecipientName& name, Time now) const {
    const bool by_issuer = !name.issuer_der.empty();
    if (!by_issuer && name.key_identifier.empty()) {
        return false;
    }
    const Digest issuer_serial =
        by_issuer ? protocol::cms::issuer_serial_digest(name.issuer_der, name.serial) : Digest();
    const std::shared_lock lock(mutex_);
    const auto* found = find_office(office);
    return found != nullptr && any_valid_certificate(*found, now, [&](const storage::CertificateRow& row) {
               return by_issuer ? row.issuer_serial == issuer_serial : row.key_identifier == name.key_identifier;
           });
}

Result<void> Registry::check_peer(const UserId& user_id, const Digest& certificate_sha256, Time now) const {
    using protocol::Error;
    using protocol::ErrorCode;
    const std::shared_lock lock(mutex_);
    const auto found = certificates_.find(certificate_sha256);
    if (found == certificates_.end() || found->second.user_id != user_id) {
        return Error(ErrorCode::wrong_certificate, "the certificate is not registered for its CN");
    }
    if (found->second.revoked_at) {
        return Error(ErrorCode::certificate_revoked, "the certificate was revoked");
    }
    if (!is_open_locked(user_id)) {
        return Error(ErrorCode::wrong_certificate, "the account is closed");
    }
    if (!is_valid(found->second, now)) {
        return Error(ErrorCode::wrong_certificate, "the certificate is expired or not yet valid");
    }
    return {};
}

Result<void> Registry::check_signer(const UserId& user_id, const Digest& certificate_sha256, Time now) const {
    const std::shared_lock lock(mutex_);
    const auto found = certificates_.find(certificate_sha256);
    if (found == certificates_.end()) {
        return protocol::Error(
            protocol::ErrorCode::signer_not_registered, "the signer's certificate is not registered"
        );
    }
    if (found->second.user_id != user_id || !is_open_locked(user_id)) {
        return protocol::Error(
            protocol::ErrorCode::signer_not_registered, "the signer's certificate is not this user's"
        );
    }
    if (!is_valid(found->second, now)) {
        return protocol::Error(
            protocol::ErrorCode::signer_not_registered, "the signer's certificate is revoked, expired or not yet valid"
        );
    }
    return {};
}

const Registry::Office* Registry::find_office(const OfficeNumber& number) const {
    const auto found = offices_.find(number);
    return found == offices_.end() ? nullptr : &found->second;
}

bool Registry::is_open_locked(const UserId& user_id) const {
    const auto found = users_.find(user_id);
    if (found == users_.end() || !found->second.row || found->second.row->closed) {
        return false;
    }
    if (!found->second.row->office) {
        return true;
    }
    const auto* office = find_office(*found->second.row->office);
    return office != nullptr && office->is_open();
}

template <class Matches>
bool Registry::any_valid_certificate(const Office& office, Time now, Matches matches) const {
    return std::any_of(office.users.begin(), office.users.end(), [&](const UserId& user_id) {
        if (!is_open_locked(user_id)) {
            return false;
        }
        const auto& certificates = users_.at(user_id).certificates;
        return std::any_of(certificates.begin(), certificates.end(), [&](const Digest& sha256) {
            const auto& row = certificates_.at(sha256);
            return is_valid(row, now) && matches(row);
        });
    });
}

void Registry::apply(const storage::RegistryDelta& delta, bool from_scratch) {
    const std::unique_lock lock(mutex_);
    if (from_scratch) {
        offices_.clear();
        users_.clear();
        certificates_.clear();
        sessions_.forget_all();
    }
    for (const auto& row : delta.offices) {
        offices_[row.number].row = row;
    }
    for (const auto& row : delta.users) {
        users_[row.user_id].row = row;
        if (row.office) {
            add_once(offices_[*row.office].users, row.user_id);
        }
    }
    for (const auto& row : delta.certificates) {
        certificates_[row.sha256] = row;
        add_once(users_[row.user_id].certificates, row.sha256);
    }
    for (const auto& row : delta.licences) {
        apply_licence(row);
    }
    for (const auto& row : delta.sessions) {
        storage::SessionRow ended = row;
        ended.ended = true;
        sessions_.put(ended);
    }
    version_.store(delta.version);
}

void Registry::apply_licence(const storage::LicenceRow& row) {
    auto& office = offices_[row.office];
    const auto known = std::find_if(office.grants.begin(), office.grants.end(), [&](const storage::LicenceRow& grant) {
        return grant.licence_id == row.licence_id;
    });
    if (known == office.grants.end()) {
        office.grants.push_back(row);
    } else {
        *known = row;
    }
    office.cover = merge_grants(office.grants);
}

std::vector<OfficeNumber> Registry::all_offices() const {
    std::vector<OfficeNumber> all;
    const std::shared_lock lock(mutex_);
    all.reserve(offices_.size());
    for (const auto& [number, office] : offices_) {
        all.push_back(number);
    }
    return all;
}

std::vector<OfficeNumber> Registry::affected_offices(const storage::RegistryDelta& delta) const {
    std::set<OfficeNumber> affected;
    const std::shared_lock lock(mutex_);
    const auto add_office_of = [&](const UserId& user_id) {
        const auto found = users_.find(user_id);
        if (found != users_.end() && found->second.row && found->second.row->office) {
            affected.insert(*found->second.row->office);
        }
    };
    for (const auto& row : delta.sessions) {
        add_office_of(row.user_id);
    }
    for (const auto& row : delta.certificates) {
        if (row.revoked_at) {
            add_office_of(row.user_id);
        }
    }
    for (const auto& row : delta.users) {
        if (row.closed) {
            add_office_of(row.user_id);
        }
    }
    for (const auto& row : delta.offices) {
        if (row.closed) {
            affected.insert(row.number);
        }
    }
    return {affected.begin(), affected.end()};
}

Awaitable<Result<std::optional<storage::SessionRow>>> Registry::find_session(Digest token_sha256) {
    auto known = known_session(token_sha256);
    if (known) {
        co_return known;
    }
    if (version() < 0) {
        // Ends that came before the first read would never be told.
        co_return protocol::errors::unavailable("the registry was not read yet");
    }
    const auto round = sessions_.round();
    const auto found = co_await store_.find_session(token_sha256);
    if (!found) {
        co_return found.error();
    }
    if (!found->has_value()) {
        co_return std::optional<storage::SessionRow>();
    }
    sessions_.put(**found, round);
    auto kept = sessions_.find(token_sha256);
    if (!kept) {
        co_return *found;
    }
    co_return kept;
}

} // namespace relay::server::accounts
