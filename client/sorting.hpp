// Sorts a folder of files to offices and sending units, by their names alone.
#pragma once

#include "client/files.hpp"
#include "protocol/ids.hpp"
#include "protocol/standard/sending_unit.hpp"

#include <string>
#include <vector>

namespace relay::client {

/// Files that make one bundle.
struct SortedUnit {
    protocol::OfficeNumber recipient;
    std::string stamp; ///< ファイル連番; empty for attachments on their own
    std::vector<fs::path> files;
    std::string held_back{}; ///< why it should not go as it is: a file that seems to belong to it has a wrong name
};

/// A file that is in no unit, and why.
struct UnsortedFile {
    fs::path file;
    std::string text;
};

struct SortedFolder {
    std::vector<SortedUnit> units;      ///< ascending by stamp, the order in which they take effect
    std::vector<UnsortedFile> findings; ///< files that cannot be sorted
};

/// Standard names go by receiving office, service codes, stamp and kind of unit. Another file goes with the unit of the
/// office whose number stands in its name: with its only unit, else as a bundle of its own.
[[nodiscard]] SortedFolder sort_files(
    const std::vector<fs::path>& files,
    const protocol::OfficeNumber& sender,
    const protocol::standard::UnitOptions& options = {}
);

} // namespace relay::client
