#include "protocol/standard/csv_reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace relay::protocol::standard {

using cp932::ByteKind;

void CsvReader::keep(const std::uint8_t* from, std::size_t count) noexcept {
    length_ += count;
    const auto room = std::min(count, kept_bytes - kept_size_);
    if (room != 0) {
        std::memcpy(kept_.data() + kept_size_, from, room);
        kept_size_ += room;
    }
}

void CsvReader::feed(BytesView piece) {
    const auto* at = piece.data();
    const auto* const end = at + piece.size();
    while (at != end) {
        if (lead_ != 0) {
            const auto lead = lead_;
            lead_ = 0;
            if (cp932::is_trail(*at)) {
                take_wide(lead, *at++);
            } else {
                tell(CsvFault::invalid_bytes);
            }
            continue;
        }
        const auto kind = cp932::kind_of(*at);
        if (kind == ByteKind::plain) {
            at = read_text(at, end);
        } else if (kind == ByteKind::lead) {
            begin_text();
            lead_ = *at++;
            if (at != end && cp932::is_trail(*at)) {
                take_wide(std::exchange(lead_, std::uint8_t{0}), *at++);
            }
        } else {
            take_special(*at++, kind);
        }
    }
}

/// A run of one-byte characters, which most of a file is.
const std::uint8_t* CsvReader::read_text(const std::uint8_t* at, const std::uint8_t* end) {
    begin_text();
    const auto* const begin = at;
    while (at != end && cp932::kind_of(*at) == ByteKind::plain) {
        ++at;
    }
    keep(begin, static_cast<std::size_t>(at - begin));
    return at;
}

void CsvReader::take_wide(std::uint8_t lead, std::uint8_t trail) {
    saw_wide_ = true;
    if (!cp932::is_assigned(lead, trail)) {
        tell(CsvFault::invalid_bytes);
    } else if (cp932::is_user_defined(lead)) {
        tell(CsvFault::user_defined);
    }
    const std::array<std::uint8_t, 2> both{lead, trail};
    keep(both.data(), both.size());
}

void CsvReader::take_special(std::uint8_t byte, ByteKind kind) {
    switch (kind) {
    case ByteKind::quote:
        take_quote();
        return;
    case ByteKind::comma:
    case ByteKind::cr:
    case ByteKind::lf:
        if (state_ != State::quoted) {
            take_separator(kind);
            return;
        }
        keep(&byte, 1);
        line_ += kind == ByteKind::lf ? 1U : 0U;
        return;
    default:
        begin_text();
        tell(kind == ByteKind::control ? CsvFault::control : CsvFault::invalid_bytes);
        keep(&byte, 1);
    }
}

void CsvReader::take_quote() {
    saw_quote_ = true;
    if (state_ == State::after_cr) {
        begin_text(); // ends the row; the item begins with this quote
        state_ = State::item_start;
    }
    switch (state_) {
    case State::item_start:
        row_begun_ = true;
        item_quoted_ = true;
        item_line_ = line_;
        state_ = State::quoted;
        return;
    case State::quoted:
        state_ = State::quote_in_quoted;
        return;
    case State::quote_in_quoted: {
        constexpr std::uint8_t quote = '"';
        keep(&quote, 1);
        state_ = State::quoted;
        return;
    }
    default:
        tell(CsvFault::stray_quote);
    }
}

void CsvReader::take_separator(ByteKind kind) {
    if (state_ == State::after_cr) {
        if (kind == ByteKind::lf) {
            ++line_;
            state_ = State::item_start;
            return;
        }
        begin_text();
        state_ = State::item_start;
    }
    if (kind == ByteKind::comma) {
        end_item();
        row_begun_ = true;
        ++column_;
        state_ = State::item_start;
        return;
    }
    end_row();
    if (kind == ByteKind::lf) {
        ++line_;
        state_ = State::item_start;
    } else {
        state_ = State::after_cr;
    }
}

/// Text comes: in the state where it must not, that is told.
void CsvReader::begin_text() {
    switch (state_) {
    case State::after_cr:
        tell(CsvFault::lone_cr);
        ++line_;
        [[fallthrough]];
    case State::item_start:
        item_line_ = line_;
        row_begun_ = true;
        state_ = State::unquoted;
        return;
    case State::quote_in_quoted:
        tell(CsvFault::stray_quote);
        state_ = State::unquoted;
        return;
    case State::unquoted:
    case State::quoted:
        return;
    }
}

void CsvReader::end_item() {
    CsvItem item;
    item.value = std::string_view(kept_.data(), kept_size_);
    item.length = length_;
    item.line = state_ == State::item_start ? line_ : item_line_;
    item.column = column_;
    item.quoted = item_quoted_;
    events_.item(item);
    kept_size_ = 0;
    length_ = 0;
    item_quoted_ = false;
}

void CsvReader::end_row() {
    end_item();
    events_.row_end(line_, column_);
    column_ = 1;
    row_begun_ = false;
}

void CsvReader::finish() {
    if (lead_ != 0) {
        tell(CsvFault::invalid_bytes);
        lead_ = 0;
    }
    if (state_ == State::after_cr) {
        tell(CsvFault::lone_cr);
        return;
    }
    if (state_ == State::quoted) {
        events_.fault(CsvFault::unclosed_quote, item_line_, column_);
    }
    if (row_begun_) {
        end_row();
    }
}

} // namespace relay::protocol::standard
