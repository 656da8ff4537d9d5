#include "client/commands/commands.hpp"
#include "client/session.hpp"

#include <iostream>

namespace relay::client {

Outcome<void> run_password(const Settings& settings, const PasswordOptions& options) {
    if (auto complete = check_complete(settings); !complete) {
        return complete;
    }
    const auto& old_file = options.old_file.empty() ? settings.password_file : options.old_file;
    const auto old_password = read_password(old_file, "Present password of " + settings.user);
    if (!old_password) {
        return old_password.error();
    }
    const auto new_password = read_password(options.new_file, "New password");
    if (!new_password) {
        return new_password.error();
    }
    if (options.new_file.empty()) {
        const auto again = read_password("", "New password again");
        if (!again) {
            return again.error();
        }
        if (*again != *new_password) {
            return local_failure("the two new passwords are not the same; nothing was changed");
        }
    }
    if (auto changed = change_password(settings, *old_password, *new_password); !changed) {
        return changed;
    }
    std::cout << "password of " << settings.user << " changed\n";
    return {};
}

} // namespace relay::client
