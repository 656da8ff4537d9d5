#include "server/ops/privileges.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>

// The leak check traces its own process, which the kernel forbids once the user has changed.
extern "C" int __lsan_is_turned_off() {
    return prctl(PR_GET_DUMPABLE) == 1 ? 0 : 1;
}
#endif

namespace relay::server::ops {

namespace {

protocol::Error failed(const std::string& what) {
    return protocol::errors::internal(what + ": " + std::strerror(errno));
}

std::vector<gid_t> own_groups() {
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(getgroups(0, nullptr), 0)));
    const int count = getgroups(static_cast<int>(groups.size()), groups.data());
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    return groups;
}

std::vector<gid_t> groups_of(const char* name, gid_t group) {
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    if (getgrouplist(name, group, groups.data(), &count) < 0) {
        groups.resize(static_cast<std::size_t>(count));
        if (getgrouplist(name, group, groups.data(), &count) < 0) {
            return {group};
        }
    }
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

/// A program that goes on under rights other than it believes is worse than one that stops.
void require(int outcome) {
    if (outcome != 0) {
        std::abort();
    }
}

} // namespace

protocol::Result<Privileges> Privileges::lower(const std::filesystem::path& config_file) {
    Privileges privileges;
    if (geteuid() != 0) {
        return privileges;
    }
    const auto folder = std::filesystem::absolute(config_file).parent_path();
    struct stat facts {};
    if (stat(folder.c_str(), &facts) != 0) {
        return failed(folder.string());
    }
    if (facts.st_uid == 0) {
        return privileges;
    }
    privileges.user_ = facts.st_uid;
    privileges.group_ = facts.st_gid;
    privileges.groups_ = {facts.st_gid};
    const char* home = "/";
    if (const passwd* account = getpwuid(facts.st_uid)) {
        privileges.group_ = account->pw_gid;
        privileges.groups_ = groups_of(account->pw_name, account->pw_gid);
        home = account->pw_dir;
    }
    privileges.caller_group_ = getegid();
    privileges.caller_groups_ = own_groups();
    // libpq looks for its files below HOME and fails where it may not even look.
    if (setenv("HOME", home, 1) != 0) {
        return failed("HOME");
    }
    if (setgroups(privileges.groups_.size(), privileges.groups_.data()) != 0 || setegid(privileges.group_) != 0 ||
        seteuid(privileges.user_) != 0) {
        return failed("changing to the owner of " + folder.string());
    }
    privileges.lowered_ = true;
    return privileges;
}

protocol::Result<void> Privileges::drop() {
    if (!lowered_) {
        return {};
    }
    become_caller();
    if (setgroups(groups_.size(), groups_.data()) != 0 || setresgid(group_, group_, group_) != 0 ||
        setresuid(user_, user_, user_) != 0) {
        return failed("giving up root's rights");
    }
#if defined(__SANITIZE_ADDRESS__)
    prctl(PR_SET_DUMPABLE, 1); // so that leaks of the server are found; otherwise it leaves no memory dumps
#endif
    lowered_ = false;
    return {};
}

void Privileges::become_owner() const {
    require(setgroups(groups_.size(), groups_.data()));
    require(setegid(group_));
    require(seteuid(user_));
}

void Privileges::become_caller() const {
    require(seteuid(0));
    require(setegid(caller_group_));
    require(setgroups(caller_groups_.size(), caller_groups_.data()));
}

Privileges::Raised::Raised(const Privileges& privileges) : privileges_(privileges) {
    if (privileges_.lowered_) {
        privileges_.become_caller();
    }
}

Privileges::Raised::~Raised() {
    if (privileges_.lowered_) {
        privileges_.become_owner();
    }
}

} // namespace relay::server::ops
