// What became of a folder of files: of each bundle, by office, and of the files that could not be sorted.
#pragma once

#include "client/batch.hpp"
#include "client/sorting.hpp"

#include <iosfwd>
#include <map>
#include <string>
#include <vector>

namespace relay::client {

class BatchReport {
public:
    explicit BatchReport(const SortedFolder& sorted) : sorted_(sorted), results_(sorted.units.size()) {}

    void tell(std::size_t number, const BatchResult& result);
    void name_office(const protocol::OfficeNumber& number, const std::string& name) { names_[number] = name; }
    int calls = 0; ///< of sending

    [[nodiscard]] Json json() const;
    void print(std::ostream& out) const;
    /// Fails when anything was not sent.
    [[nodiscard]] Outcome<void> verdict() const;

private:
    struct Count {
        std::size_t sent = 0, failed = 0;
    };
    [[nodiscard]] std::map<protocol::OfficeNumber, Count> count() const;
    [[nodiscard]] bool was_sent(std::size_t number) const;
    void print_unit(std::ostream& out, std::size_t number) const;

    const SortedFolder& sorted_;
    std::vector<BatchResult> results_;
    std::map<protocol::OfficeNumber, std::string> names_;
};

} // namespace relay::client
