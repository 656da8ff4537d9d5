#include "client/commands/commands.hpp"
#include "client/session.hpp"
#include "client/words.hpp"

#include <iostream>

namespace relay::client {

Outcome<void> run_password(const Settings& settings, const PasswordOptions& options) {
    if (auto complete = check_complete(settings); !complete) {
        return complete;
    }
    const auto& old_file = options.old_file.empty() ? settings.password_file : options.old_file;
    const auto old_password =
        read_password(old_file, words("Present password of {0}", "{0} の今のパスワード", {settings.user}));
    if (!old_password) {
        return old_password.error();
    }
    const auto new_password = read_password(options.new_file, words("New password", "新しいパスワード"));
    if (!new_password) {
        return new_password.error();
    }
    if (options.new_file.empty()) {
        const auto again = read_password("", words("New password again", "新しいパスワード（もう一度）"));
        if (!again) {
            return again.error();
        }
        if (*again != *new_password) {
            return local_failure(words(
                "the two new passwords are not the same; nothing was changed",
                "二つの新しいパスワードが違います。変更していません"
            ));
        }
    }
    if (auto changed = change_password(settings, *old_password, *new_password); !changed) {
        return changed;
    }
    std::cout << words("password of {0} changed", "{0} のパスワードを変更しました", {settings.user}) << '\n';
    return {};
}

} // namespace relay::client
