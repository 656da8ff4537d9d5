// The check of all names of one bundle: grammar, offices of the manifest, uniformity, and P1 to P13 (standard.md §2).
#pragma once

#include "protocol/ids.hpp"
#include "protocol/standard/file_name.hpp"
#include "protocol/standard/rules.hpp"
#include "protocol/standard/units.hpp"
#include "protocol/time.hpp"

#include <optional>
#include <string>
#include <vector>

namespace relay::protocol::standard {

/// What standard.md leaves open (§6), with the defaults of §2.4.
struct UnitOptions {
    bool accept_v3 = true;
    bool lenient_names = false; ///< NameOptions::lenient
    bool require_parts = false; ///< sub-tables must come with their parent
    UnitSet partial_units = 0;  ///< units that may lack required files
};

/// The switches as they are configured: old names are taken through `v3_until`, a day in Japan.
struct UnitSettings {
    UnitOptions options;
    std::optional<Day> v3_until;

    /// What holds at that time.
    [[nodiscard]] UnitOptions at(Time now) const;
};

struct UnitVerdict {
    std::vector<RuleFinding> findings; ///< all at once; empty: good
    std::string unit;                  ///< "P1" … "P13" when good
    UnitKind kind = UnitKind::other;
};

[[nodiscard]] UnitVerdict check_unit(
    const std::vector<std::string>& names,
    const OfficeNumber& sender,
    const OfficeNumber& recipient,
    const UnitOptions& options
);

/// The kind of a bundle that was accepted, by its names alone.
[[nodiscard]] UnitKind kind_of(const std::vector<std::string>& names);

/// The rules on names and units that these files give occasion to keep or break. For reports.
[[nodiscard]] RuleSet rules_met(const std::vector<std::string>& names, const UnitOptions& options);

} // namespace relay::protocol::standard
