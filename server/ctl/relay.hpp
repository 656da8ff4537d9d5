// What the commands of relayctl work on: configuration, database, our own CA, and the rights to open files with.
#pragma once

#include "auth/authority.hpp"
#include "protocol/error.hpp"
#include "protocol/time.hpp"
#include "server/config.hpp"
#include "server/ops/privileges.hpp"
#include "storage/account_admin.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace relay::server::ctl {

using protocol::Result;

/// Everything is opened when first asked for, so that a command needs no more than it uses.
class Relay final {
public:
    /// Lowers root's rights, then reads the configuration. Error: with every bad key in its cause.
    [[nodiscard]] static Result<std::unique_ptr<Relay>> open(const std::filesystem::path& config_file);

    [[nodiscard]] const Config& config() const noexcept { return config_; }
    [[nodiscard]] const ops::Privileges& privileges() const noexcept { return privileges_; }
    [[nodiscard]] Result<storage::AccountAdmin*> accounts();
    [[nodiscard]] Result<auth::Authority> authority() const;

    /// A file that the command line names, with the caller's rights; at most 1 MiB.
    [[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path) const;
    /// Whether something of this name is there, as the caller sees it.
    [[nodiscard]] bool is_there(const std::filesystem::path& path) const;

private:
    Relay(ops::Privileges privileges, Config config) : privileges_(std::move(privileges)), config_(std::move(config)) {}

    ops::Privileges privileges_;
    Config config_;
    std::unique_ptr<storage::AccountAdmin> accounts_;
};

[[nodiscard]] protocol::Time now();

/// Files of the caller that appear together or not at all: written under temporary names first, so that what can
/// fail has failed before anything is registered.
class NewFiles final {
public:
    explicit NewFiles(const ops::Privileges& privileges) : privileges_(privileges) {}
    /// Removes what was not put into place.
    ~NewFiles();
    NewFiles(const NewFiles&) = delete;
    NewFiles& operator=(const NewFiles&) = delete;

    [[nodiscard]] Result<void> write(const std::filesystem::path& path, std::string_view content, unsigned mode);
    [[nodiscard]] Result<void> put_into_place();

private:
    struct File {
        std::filesystem::path path, temporary;
    };
    const ops::Privileges& privileges_;
    std::vector<File> files_;
};

/// One line from standard input, without its line end. Error: malformed_request when there is none or it is empty.
[[nodiscard]] Result<std::string> read_password();

} // namespace relay::server::ctl
