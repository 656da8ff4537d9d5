// Uploads that are not finished, so that `send` and `send-batch` go on with them after a crash instead of sending
// twice: STATE/uploads/NAME/ with the encrypted payload and the signed manifest. NAME stands for what is sent and to
// whom.
#pragma once

#include "client/failure.hpp"
#include "client/files.hpp"
#include "client/packing.hpp"
#include "client/settings.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace relay::client {

class UploadStore {
public:
    /// One upload, held for this process alone while it lives.
    struct Upload {
        fs::path folder;
        File lock;
        std::optional<PackedBundle> bundle; ///< what an earlier run left, or was saved
        bool accepted = false;              ///< the relay has it; its payload is no longer kept
        bool too_old = false;               ///< not known whether the relay has it; its payload is no longer kept
        bool of_batch = false;              ///< a batch asks for it, too: note_accepted() when the relay has it
    };

    explicit UploadStore(const fs::path& state) : folder_(state / "uploads") {}

    /// The same for the same files, content and all, message, recipient, user and relay.
    [[nodiscard]] static Outcome<std::string> name_of(
        const Settings& settings,
        const protocol::OfficeNumber& recipient,
        const std::string& message,
        const std::vector<fs::path>& files
    );
    /// Lets go of the payloads that nobody asked for in a week, and of the rest, by which it is known that a bundle was
    /// sent, after more than a year: longer than the relay keeps bundles. Failure when another process has this upload.
    [[nodiscard]] Outcome<Upload> open(const std::string& name) const;
    /// Durable when it returns. The payload stands in the upload's folder already.
    [[nodiscard]] Outcome<void> save(const Upload& upload) const;
    /// Keeps which bundle it was and lets the payload go: for the other bundles of a batch that is not finished.
    [[nodiscard]] Outcome<void> note_accepted(Upload& upload) const;
    /// Forgets what was kept; `for_good`: the folder, too.
    [[nodiscard]] Outcome<void> empty(Upload& upload, bool for_good) const;
    /// The same files are sent once more: forgets the bundle, but not that a batch has noted one.
    [[nodiscard]] Outcome<void> begin_anew(Upload& upload) const;
    /// Forgets the upload of that name, unless another process has it.
    void forget(const std::string& name) const;
    /// Held while a batch is sent: one at a time for this user and relay. Failure when another process sends one.
    [[nodiscard]] Outcome<File> lock_batch(const Settings& settings) const;

    /// The bundles of a batch that has gone and was told, by their uploads' names.
    using Told = std::map<std::string, protocol::BundleId>;
    /// Durable: from now on the batch's uploads are only to be forgotten.
    [[nodiscard]] Outcome<void> note_told(const Settings& settings, const Told& told) const;
    /// What a crash has kept from being forgotten. A batch that was told as a whole is not sent again by the next run.
    [[nodiscard]] Outcome<Told> load_told(const Settings& settings) const;
    /// Forgets these uploads, and then that they were told.
    void forget_told(const Settings& settings, const Told& told) const;

private:
    [[nodiscard]] fs::path batch_file(const Settings& settings) const;
    void remove_old() const;

    fs::path folder_;
};

} // namespace relay::client
