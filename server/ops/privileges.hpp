// What root's programs do before they open anything: become the owner of the configuration file's folder, so that
// careplan-relay and relayctl leave no root-owned files among the service's and reach its database as it does.
#pragma once

#include "protocol/error.hpp"

#include <filesystem>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace relay::server::ops {

/// For the whole process; use it before other threads are started.
class Privileges final {
public:
    /// As root, lowers the effective user, group and supplementary groups to those of the owner of the folder of
    /// `config_file`, unless that is root; HOME becomes its home. For anybody else nothing changes.
    /// Error: internal with the reason.
    [[nodiscard]] static protocol::Result<Privileges> lower(const std::filesystem::path& config_file);

    /// Gives up the way back. For the server, once it has opened what its command line names.
    [[nodiscard]] protocol::Result<void> drop();

    /// Runs `work` with the caller's rights: for files that the command line names.
    template <class Work>
    auto as_caller(Work work) const -> std::invoke_result_t<Work> {
        const Raised raised(*this);
        return work();
    }

    [[nodiscard]] bool lowered() const noexcept { return lowered_; }

private:
    class Raised final {
    public:
        explicit Raised(const Privileges& privileges);
        ~Raised();
        Raised(const Raised&) = delete;
        Raised& operator=(const Raised&) = delete;

    private:
        const Privileges& privileges_;
    };

    Privileges() = default;
    void become_owner() const;
    void become_caller() const;

    bool lowered_ = false;
    uid_t user_ = 0;
    gid_t group_ = 0;
    std::vector<gid_t> groups_;
    gid_t caller_group_ = 0;
    std::vector<gid_t> caller_groups_;
};

} // namespace relay::server::ops
