// Sorts a folder of files to offices and sending units, by their names alone.
#pragma once

#include "client/files.hpp"
#include "protocol/ids.hpp"

#include <string>
#include <vector>

namespace relay::client {

/// Files that make one bundle.
struct SortedUnit {
    protocol::OfficeNumber recipient;
    std::string stamp; ///< ファイル連番; empty for attachments on their own
    std::vector<fs::path> files;
};

struct SortedFolder {
    std::vector<SortedUnit> units;     ///< ascending by stamp, the order in which they take effect
    std::vector<std::string> findings; ///< files that cannot be sorted, and why
};

/// Standard names go by receiving office, service codes, stamp and kind of unit. Another file goes with the unit of the
/// office whose number stands in its name: with its only unit, else as a bundle of its own.
[[nodiscard]] SortedFolder sort_files(const std::vector<fs::path>& files, const protocol::OfficeNumber& sender);

} // namespace relay::client
