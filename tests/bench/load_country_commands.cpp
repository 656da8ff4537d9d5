// country: see load_country.hpp. Commands, one a line on standard input, are each answered by a line of figures.
#include "tests/bench/load_country.hpp"

#include <array>
#include <iostream>

#include <sys/epoll.h>
#include <unistd.h>

namespace relay::bench {
namespace {

class Commands final : public Watched {
public:
    explicit Commands(Country& country) : country_(country) {}

    void on_ready(unsigned) override {
        std::array<char, 256> piece{};
        const auto count = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (count <= 0) {
            ended_ = true;
            return;
        }
        text_.append(piece.data(), static_cast<std::size_t>(count));
        for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
            const auto command = text_.substr(0, end);
            text_.erase(0, end + 1);
            carry_out(command);
        }
    }
    [[nodiscard]] bool ended() const { return ended_; }

private:
    void carry_out(const std::string& command) {
        if (command == "open") {
            country_.open_all();
        } else if (command == "deliver") {
            country_.deliver();
        } else if (command == "stop") {
            country_.stop();
        } else if (command == "cut") {
            country_.cut();
        } else if (command == "end") {
            ended_ = true;
        }
        std::cout << country_.status(command == "figures").dump() << std::endl;
    }

    Country& country_;
    std::string text_;
    bool ended_ = false;
};

} // namespace

nlohmann::json load_country(Bench& bench) {
    Country country(bench);
    std::cout << country.status(false).dump() << std::endl;
    Commands commands(country);
    bench.loop.watch(STDIN_FILENO, EPOLLIN, &commands);
    bench.loop.run([&] { return commands.ended(); }, Clock::now() + std::chrono::hours(2));
    return country.status(true);
}

} // namespace relay::bench
