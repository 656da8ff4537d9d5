#include "server/ops/line_writer.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <memory>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

using relay::server::ops::LineWriter;

namespace {

class Pipe {
public:
    Pipe() { REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0); }
    ~Pipe() {
        ::close(ends_[0]);
        close_in();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    [[nodiscard]] int in() const { return ends_[1]; }
    void close_in() {
        if (ends_[1] >= 0) {
            ::close(std::exchange(ends_[1], -1));
        }
    }
    /// What comes next; empty at the end, or when nothing comes in that time.
    [[nodiscard]] std::string read(int limit_ms) const {
        pollfd ready{ends_[0], POLLIN, 0};
        std::string text(1U << 20U, '\0');
        const ssize_t got = ::poll(&ready, 1, limit_ms) == 1 ? ::read(ends_[0], text.data(), text.size()) : 0;
        text.resize(static_cast<std::size_t>(got));
        return text;
    }

private:
    std::array<int, 2> ends_{};
};

} // namespace

TEST_CASE("Lines are written whole and in order, the last ones at the end", "[ops]") {
    const Pipe pipe;
    std::string wanted;
    {
        LineWriter writer(pipe.in());
        for (int i = 0; i < 1000; ++i) {
            const std::string line = "line " + std::to_string(i);
            writer.add(line, i % 100 == 0);
            wanted += line + '\n';
        }
    }
    std::string all;
    while (all.size() < wanted.size()) {
        const std::string more = pipe.read(0);
        REQUIRE_FALSE(more.empty());
        all += more;
    }
    CHECK(all == wanted);
}

TEST_CASE("A single line does not wait for another one", "[ops]") {
    const Pipe pipe;
    LineWriter writer(pipe.in());
    for (const bool at_once : {false, true, false}) {
        writer.add("alone", at_once);
        CHECK(pipe.read(20'000) == "alone\n");
    }
}

TEST_CASE("Where nobody reads, lines are dropped and counted, and what was taken is whole", "[ops]") {
    Pipe pipe;
    auto writer = std::make_unique<LineWriter>(pipe.in());
    const std::string line(65'535, 'x');
    for (int i = 0; i < 200; ++i) { // 12.5 MiB: more than may wait and be under way together
        writer->add(line, true);
    }
    CHECK(writer->dropped() > 0);
    CHECK(writer->dropped() < 140);
    std::thread end([&] {
        writer.reset();
        pipe.close_in();
    });
    std::size_t size = 0;
    for (std::string more = pipe.read(60'000); !more.empty(); more = pipe.read(60'000)) {
        size += more.size();
    }
    end.join();
    CHECK(size % 65'536 == 0);
    CHECK(size >= LineWriter::most_bytes - 65'536);
}
