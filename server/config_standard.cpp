// The keys [standard]: what the national standard leaves open (protocol/standard/sending_unit.hpp).
#include "server/config_forms.hpp"

namespace relay::server {
namespace {

using std::filesystem::path;
using Refusal = std::optional<std::string>;

ConfigKey v3_until_key() {
    ConfigKey key{
        "standard.v3_until", ValueKind::text, "last day in Japan on which v3.x file names are accepted", {}, {}, {}};
    key.set = [](Config& config, const std::string& text, const path&) -> Refusal {
        const auto day = protocol::parse_day(text);
        if (!text.empty() && !day) {
            return "must be a day such as 2027-01-31, or empty";
        }
        config.standard.v3_until = day;
        return std::nullopt;
    };
    key.text = [](const Config& config) {
        return config.standard.v3_until ? protocol::to_string(*config.standard.v3_until) : std::string();
    };
    return key;
}

ConfigKey partial_units_key() {
    ConfigKey key{
        "standard.partial_units", ValueKind::text, "sending units that may lack files, such as P2,P3", {}, {}, {}};
    key.set = [](Config& config, const std::string& text, const path&) -> Refusal {
        const auto units = protocol::standard::parse_partial_units(text);
        if (!units) {
            return "must name some of P1, P2 and P3, or none";
        }
        config.standard.options.partial_units = *units;
        return std::nullopt;
    };
    key.text = [](const Config& config) {
        return protocol::standard::name_units(config.standard.options.partial_units);
    };
    return key;
}

} // namespace

void add_standard(std::vector<ConfigKey>& keys) {
    keys.push_back(flag_key(
        "standard.accept_v3", [](Config & c) -> auto& { return c.standard.options.accept_v3; }, "accept v3.x file names"
    ));
    keys.push_back(v3_until_key());
    keys.push_back(partial_units_key());
    keys.push_back(flag_key(
        "standard.require_parts",
        [](Config & c) -> auto& { return c.standard.options.require_parts; },
        "sub-tables must come with their parent"
    ));
    keys.push_back(flag_key(
        "standard.lenient_names",
        [](Config & c) -> auto& { return c.standard.options.lenient_names; },
        "accept UPKIHON_000000_…, shown on one page of the standard against its rule"
    ));
}

} // namespace relay::server
