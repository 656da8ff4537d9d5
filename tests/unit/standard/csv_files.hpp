// Standard CSV files made up for tests, and what the check says of them, fed in pieces.
#pragma once

#include "protocol/standard/csv_check.hpp"

#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace relay::protocol::standard::testing {

inline const std::string tail = "_9970100011_43_9970100029_11_20261120091500.CSV";
inline const std::string old_tail = "_9970100011_9970100029_20261120091500.CSV";

inline StandardName parse(const std::string& name) {
    return std::get<StandardName>(parse_file_name(name, {}));
}

using Cells = std::map<int, std::string>;

inline std::string row(int columns, Cells cells, const std::string& end = "\r\n") {
    std::string text;
    cells.insert({1, "202407"});
    cells.insert({2, "999999"});
    cells.insert({3, "9999900001"});
    for (int i = 1; i <= columns; ++i) {
        text += (i == 1 ? "" : ",") + cells[i];
    }
    return text + end;
}

inline ContentReport
check(const std::string& name, const std::string& content, std::size_t piece, ImageNames images = {}) {
    const auto parsed = parse(name);
    CsvCheck checking(parsed, 0, images);
    for (std::size_t at = 0; at < content.size(); at += piece) {
        checking.feed(as_bytes(std::string_view(content).substr(at, piece)));
    }
    return checking.finish();
}

} // namespace relay::protocol::standard::testing
