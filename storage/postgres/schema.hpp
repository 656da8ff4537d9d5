// Numbered SQL files and which of them a database has. Used by `relayctl migrate` and by the server at its start.
// Forward only: each file runs once, in a transaction of its own, and is never edited afterwards (checksums).
#pragma once

#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/time.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace relay::storage::postgres {

/// The schema that this program's statements need. Newer ones are additive and accepted.
inline constexpr int needed_schema = 9;

/// `NNNN_words.sql`
struct Migration {
    int number = 0;
    std::string name; ///< the words
    std::string sql;
    protocol::Digest sha256; ///< of the file
};

struct MigrationState {
    int number = 0;
    std::string name;
    std::optional<protocol::Time> applied_at; ///< nothing: not applied
    bool file_missing = false;                ///< applied, and the folder does not know it (an older program)
};

/// In the order of their numbers. Error: not_found without the folder; malformed_request for a name that is not of
/// the form, a number that is there twice, or a gap.
[[nodiscard]] protocol::Result<std::vector<Migration>> read_migrations(const std::filesystem::path& folder);

/// One connection as the tables' owner. Errors have a clear cause: unavailable without a database, malformed_request
/// for a file that was changed after it had been applied, internal where SQL fails.
class Schema final {
public:
    [[nodiscard]] static protocol::Result<Schema> connect(const std::string& owner_url);
    Schema(Schema&&) noexcept;
    Schema& operator=(Schema&&) noexcept;
    ~Schema();

    /// Applied ones and those still to come, by number.
    [[nodiscard]] protocol::Result<std::vector<MigrationState>> status(const std::vector<Migration>& migrations);
    /// Applies what is missing, up to number `to`; waits for another program that is at it. What it applied (with
    /// `dry_run`: would apply).
    [[nodiscard]] protocol::Result<std::vector<Migration>>
    migrate(const std::vector<Migration>& migrations, std::optional<int> to, bool dry_run);

private:
    struct Connection;
    explicit Schema(std::unique_ptr<Connection> connection);
    std::unique_ptr<Connection> connection_;
};

/// Number of the last migration that the database at `url` has; 0 for none. Reads only, as any role.
[[nodiscard]] protocol::Result<int> schema_version(const std::string& url);
/// Error: unavailable with a clear cause when the database has an older schema than `needed_schema`.
[[nodiscard]] protocol::Result<void> check_schema(const std::string& url);

} // namespace relay::storage::postgres
