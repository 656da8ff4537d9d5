// Drafts (下書き): files and a cover letter for one office, kept on this computer until they are sent. Each is a folder
// that appears and disappears at once, so a crash leaves a whole draft or none; one that was being sent is sent again
// as the same bundle, which the relay takes once.
#pragma once

#include "client/failure.hpp"
#include "client/files.hpp"
#include "client/packing.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"

#include <optional>
#include <string>
#include <vector>

namespace relay::client {

struct Draft {
    std::string id; ///< 8 hexadecimal digits
    protocol::OfficeNumber recipient;
    std::string message;
    std::string saved_at; ///< RFC 3339
    std::vector<fs::path> files;
    bool being_sent = false; ///< a packed bundle is kept with it
};

/// Who sends a draft, and where to: the folder may be shared.
struct DraftSender {
    std::string url;
    std::string user;
};

/// Mode 0700 and 0600 throughout: drafts are not encrypted.
class DraftStore {
public:
    explicit DraftStore(fs::path folder) : folder_(std::move(folder)) {}

    /// Copies the files; all is on disk when this returns.
    [[nodiscard]] Outcome<Draft>
    save(const protocol::OfficeNumber& recipient, const std::string& message, const std::vector<fs::path>& files) const;
    /// Oldest first. What cannot be read as a draft is left out.
    [[nodiscard]] Outcome<std::vector<Draft>> list() const;
    [[nodiscard]] Outcome<Draft> load(const std::string& id) const;
    /// Held until the returned file closes; failure when another process sends it or throws it away.
    [[nodiscard]] Outcome<File> lock(const std::string& id) const;
    [[nodiscard]] Outcome<void> remove(const std::string& id) const;

    /// The packed bundle, kept before it is sent for the first time.
    [[nodiscard]] Outcome<void>
    keep_packed(const std::string& id, const PackedBundle& bundle, const DraftSender& sender) const;
    /// Nothing when the draft has none. Failure when it was packed for another user or relay, which may have it.
    [[nodiscard]] Outcome<std::optional<PackedBundle>>
    load_packed(const std::string& id, const DraftSender& sender) const;
    /// After the relay refused it: the next attempt packs anew.
    [[nodiscard]] Outcome<void> drop_packed(const std::string& id) const;

private:
    [[nodiscard]] Outcome<File> begin_saving() const;
    [[nodiscard]] fs::path path_of(const std::string& id) const { return folder_ / id; }

    fs::path folder_;
};

} // namespace relay::client
