#include "client/standard/conformance.hpp"

#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/words.hpp"

#include <iostream>

namespace relay::client {

Outcome<void> run_conformance(const Settings& settings, const ConformanceOptions& options) {
    const auto checked = check_folder(options.folder, options_now(settings.standard));
    if (!checked) {
        return checked.error();
    }
    if (!options.html.empty()) {
        if (auto written = write_durably(options.html, conformance_html(*checked)); !written) {
            return written;
        }
    }
    if (settings.json) {
        std::cout << pretty(conformance_json(*checked)) << '\n';
    } else {
        print_conformance(std::cout, *checked);
    }
    const auto failed = checked->count_in(RuleState::failed);
    if (failed != 0) {
        return local_failure(
            words("rules that are not kept: {0}", "守られていない規則: {0}件", {std::to_string(failed)})
        );
    }
    return {};
}

Outcome<void> run_standard() {
    std::cout << standard_page();
    return {};
}

} // namespace relay::client
