// The check of what is inside a standard CSV file, for the sender's side: the relay never reads content. Streaming, in
// memory that does not grow with the file (standard.md §1.5).
#pragma once

#include "protocol/standard/csv_reader.hpp"
#include "protocol/standard/file_name.hpp"
#include "protocol/standard/key_set.hpp"
#include "protocol/standard/rules.hpp"
#include "protocol/standard/utf8_watch.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace relay::protocol::standard {

/// Images of the bundle by their upper-case names, and whether UPKIHON named them.
using ImageNames = std::map<std::string, bool>;

struct ContentReport {
    std::vector<RuleFinding> findings;             ///< of each rule the first `CsvCheck::most_findings`
    std::array<std::uint64_t, rule_count> count{}; ///< how often each rule was broken
    RuleSet met;                                   ///< rules that the file gave occasion to keep or break
    std::uint64_t records = 0;
    std::optional<CsvVersion> version; ///< of the first record that has one
};

/// One file. Not thread-safe.
class CsvCheck final : private CsvEvents {
public:
    static constexpr std::size_t most_findings = 20;

    /// `name` and `images` must outlive it; `images` is marked where UPKIHON names one. `file`: what findings carry.
    CsvCheck(const StandardName& name, std::size_t file, ImageNames& images);

    void feed(BytesView piece);
    /// Ends the file. No call after it.
    [[nodiscard]] ContentReport finish();

private:
    struct Column {
        bool is_key = false;
        bool is_month = false;
        ColumnForm form = ColumnForm::text;
    };
    static constexpr std::size_t most_columns = 72; // no table looks further

    void item(const CsvItem& item) override;
    void row_end(std::uint64_t line, std::uint32_t columns) override;
    void fault(CsvFault fault, std::uint64_t line, std::uint32_t column) override;

    void begin();
    void check_first(std::uint64_t line);
    void check_version(std::uint64_t line, const CsvVersion& version);
    void check_key(const CsvItem& item, const Column& column);
    void check_month(const CsvItem& item);
    void check_supplement(const CsvItem& item);
    void check_image(const CsvItem& item);
    void check_persons(const CsvItem& item);
    void find(Rule rule, std::uint64_t line, std::uint32_t column, const std::string& value = {});
    void tell_utf8();
    void meet_rules();

    const StandardName& name_;
    const TableRow& table_;
    std::size_t file_;
    ImageNames& images_;
    CsvReader reader_;
    Utf8Watch utf8_;
    ContentReport report_;
    KeySet keys_;
    std::array<Column, most_columns> columns_{};
    std::array<std::uint8_t, 3> start_{}; ///< the first bytes, until they show whether they are a byte order mark
    std::size_t start_size_ = 0;
    bool begun_ = false;
    bool foreign_ = false; ///< UTF-8 or UTF-16 by its mark: encoding is told once, not at every character
    bool ended_ = false;   ///< UTF-16: not read further
    std::string first_;    ///< item 1 of the row, judged when it is clear that the line is not empty
    bool first_quoted_ = false;
    bool row_skipped_ = false;
    std::uint64_t rows_ = 0;
    std::uint64_t hash_ = 0;
    bool row_broken_ = false;
    int expected_columns_ = 0;
    int other_columns_ = 0;
};

} // namespace relay::protocol::standard
