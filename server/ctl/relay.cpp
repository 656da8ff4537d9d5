#include "server/ctl/relay.hpp"

#include "storage/postgres/pg_account_admin.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace relay::server::ctl {

namespace {

constexpr std::size_t max_file_bytes = 1U << 20U;
constexpr std::size_t max_password_bytes = 4096;

protocol::Error file_error(const std::filesystem::path& path) {
    return protocol::errors::internal(path.string() + ": " + std::strerror(errno));
}

/// `shown`: the name that the caller knows it by.
Result<void> write_new(
    const std::filesystem::path& path, const std::filesystem::path& shown, std::string_view content, unsigned mode
) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (file < 0) {
        return file_error(shown);
    }
    bool good = fchmod(file, mode) == 0;
    while (good && !content.empty()) {
        const auto written = write(file, content.data(), content.size());
        good = written > 0;
        if (good) {
            content.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    good = good && fsync(file) == 0;
    const auto error = file_error(shown);
    close(file);
    if (!good) {
        unlink(path.c_str());
    }
    return good ? Result<void>() : Result<void>(error);
}

} // namespace

Result<std::unique_ptr<Relay>> Relay::open(const std::filesystem::path& config_file) {
    auto privileges = ops::Privileges::lower(config_file);
    if (!privileges) {
        return privileges.error();
    }
    auto reading = read_config(config_file);
    if (!reading.problems.empty()) {
        std::string all;
        for (const auto& problem : reading.problems) {
            all += (all.empty() ? "" : "; ") + problem.key + ": " + problem.what;
        }
        return protocol::errors::internal(std::move(all));
    }
    return std::unique_ptr<Relay>(new Relay(std::move(*privileges), std::move(reading.config)));
}

Result<storage::AccountAdmin*> Relay::accounts() {
    if (!accounts_) {
        auto opened = storage::postgres::PgAccountAdmin::open(config_.database.url);
        if (!opened) {
            return opened.error();
        }
        accounts_ = std::move(*opened);
    }
    return accounts_.get();
}

Result<auth::Authority> Relay::authority() const {
    if (config_.ca.directory.empty()) {
        return protocol::errors::internal("ca.directory is not set");
    }
    return auth::Authority::open(config_.ca.directory);
}

Result<std::string> Relay::read_file(const std::filesystem::path& path) const {
    return privileges_.as_caller([&]() -> Result<std::string> {
        errno = 0;
        std::ifstream file(path, std::ios::binary);
        std::string text(max_file_bytes + 1, '\0');
        if (!file || !file.read(text.data(), static_cast<std::streamsize>(text.size())).eof()) {
            return errno != 0 ? file_error(path) : protocol::errors::internal(path.string() + ": larger than 1 MiB");
        }
        text.resize(static_cast<std::size_t>(file.gcount()));
        return text;
    });
}

bool Relay::is_there(const std::filesystem::path& path) const {
    return privileges_.as_caller([&] {
        struct ::stat facts {};
        return lstat(path.c_str(), &facts) == 0;
    });
}

protocol::Time now() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

NewFiles::~NewFiles() {
    privileges_.as_caller([this] {
        for (const auto& file : files_) {
            unlink(file.temporary.c_str());
        }
    });
}

Result<void> NewFiles::write(const std::filesystem::path& path, std::string_view content, unsigned mode) {
    return privileges_.as_caller([&] {
        File file{path, path.string() + ".new-" + std::to_string(getpid())};
        auto written = write_new(file.temporary, path, content, mode);
        if (written) {
            files_.push_back(std::move(file));
        }
        return written;
    });
}

Result<void> NewFiles::put_into_place() {
    return privileges_.as_caller([this]() -> Result<void> {
        for (const auto& file : files_) {
            if (rename(file.temporary.c_str(), file.path.c_str()) != 0) {
                return file_error(file.path);
            }
        }
        files_.clear();
        return {};
    });
}

Result<std::string> read_password() {
    std::string line;
    if (!std::getline(std::cin, line) && line.empty()) {
        return protocol::Error(protocol::ErrorCode::malformed_request, "standard input holds no password");
    }
    if (line.ends_with('\r')) {
        line.pop_back();
    }
    if (line.empty() || line.size() > max_password_bytes) {
        return protocol::Error(
            protocol::ErrorCode::malformed_request, "the first line of standard input is no password"
        );
    }
    return line;
}

} // namespace relay::server::ctl
