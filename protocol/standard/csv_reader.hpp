// Reads CSV in CP932 piece by piece: quote-aware, with line breaks inside quoted items, in memory that does not grow
// with the file. Judges text and quoting; what the items mean is for others.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/standard/cp932.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace relay::protocol::standard {

struct CsvItem {
    std::string_view value;   ///< without its quotes; at most `kept_bytes` of it; holds until the next call
    std::uint64_t length = 0; ///< bytes of the whole value
    std::uint64_t line = 1;   ///< physical line where it begins
    std::uint32_t column = 1; ///< number in its row, from 1
    bool quoted = false;
};

enum class CsvFault : std::uint8_t {
    invalid_bytes,  ///< no character of CP932, or half of one
    user_defined,   ///< 外字
    control,        ///< NUL and other control characters
    stray_quote,    ///< a quote inside an item that does not begin with one, or text behind the closing quote
    unclosed_quote, ///< told at the end, with the place where the quote opened
    lone_cr,        ///< a line that ends in CR alone
};

/// Told what is found, in the order of the file.
class CsvEvents {
public:
    CsvEvents() = default;
    CsvEvents(const CsvEvents&) = delete;
    CsvEvents& operator=(const CsvEvents&) = delete;
    virtual void item(const CsvItem& item) = 0;
    /// `columns`: at least 1. An empty line is a row of one empty item.
    virtual void row_end(std::uint64_t line, std::uint32_t columns) = 0;
    virtual void fault(CsvFault fault, std::uint64_t line, std::uint32_t column) = 0;

protected:
    ~CsvEvents() = default;
};

/// Not thread-safe. `events` must outlive it.
class CsvReader {
public:
    static constexpr std::size_t kept_bytes = 128;

    explicit CsvReader(CsvEvents& events) noexcept : events_(events) {}

    void feed(BytesView piece);
    /// The end of the file. No call after it.
    void finish();
    /// Whether any quote and any two-byte character was seen.
    [[nodiscard]] bool saw_quote() const noexcept { return saw_quote_; }
    [[nodiscard]] bool saw_wide() const noexcept { return saw_wide_; }

private:
    enum class State : std::uint8_t { item_start, unquoted, quoted, quote_in_quoted, after_cr };

    [[nodiscard]] const std::uint8_t* read_text(const std::uint8_t* at, const std::uint8_t* end);
    void take_special(std::uint8_t byte, cp932::ByteKind kind);
    void take_quote();
    void take_separator(cp932::ByteKind kind);
    void take_wide(std::uint8_t lead, std::uint8_t trail);
    void begin_text();
    void keep(const std::uint8_t* from, std::size_t count) noexcept;
    void end_item();
    void end_row();
    void tell(CsvFault fault) { events_.fault(fault, line_, column_); }

    CsvEvents& events_;
    State state_ = State::item_start;
    std::uint8_t lead_ = 0; ///< first half of a character, at the end of the last piece
    bool item_quoted_ = false;
    bool row_begun_ = false;
    bool saw_quote_ = false;
    bool saw_wide_ = false;
    std::uint64_t line_ = 1;
    std::uint64_t item_line_ = 1;
    std::uint32_t column_ = 1;
    std::uint64_t length_ = 0;
    std::size_t kept_size_ = 0;
    std::array<char, kept_bytes> kept_{};
};

} // namespace relay::protocol::standard
