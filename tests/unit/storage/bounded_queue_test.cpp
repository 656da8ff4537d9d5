#include "storage/bounded_queue.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <thread>

using namespace relay;

namespace {

using Queue = storage::BoundedQueue<std::unique_ptr<int>>;

void fill(Queue& queue, std::initializer_list<int> values) {
    for (const int value : values) {
        REQUIRE(queue.push(std::make_unique<int>(value)));
    }
}

} // namespace

TEST_CASE("what a full or closed queue refuses stays the caller's", "[queue]") {
    Queue queue(1);
    fill(queue, {1});
    auto item = std::make_unique<int>(2);
    CHECK_FALSE(queue.push(std::move(item)));
    REQUIRE(item != nullptr);
    CHECK(**queue.take() == 1);
    queue.close();
    CHECK_FALSE(queue.push(std::move(item)));
    REQUIRE(item != nullptr);
    queue.push_always(std::move(item));
    CHECK(**queue.take() == 2);
}

TEST_CASE("a closed queue gives what it holds, in order, and then nothing", "[queue]") {
    Queue queue(8);
    fill(queue, {1, 2});
    queue.close();
    CHECK(**queue.take() == 1);
    CHECK(**queue.take() == 2);
    CHECK_FALSE(queue.take().has_value());
    CHECK(queue.take_group([](const auto&) { return true; }).empty());
}

TEST_CASE("closing a queue ends the wait of whoever takes, and hands back what is left", "[queue]") {
    Queue queue(8);
    std::jthread taker([&queue] { CHECK_FALSE(queue.take().has_value()); });
    CHECK(queue.close_and_empty().empty());
    taker.join();

    Queue other(8);
    fill(other, {1, 2});
    CHECK(other.close_and_empty().size() == 2);
    CHECK(other.size() == 0);
}

TEST_CASE("a group ends before the first item that does not fit, and is never empty", "[queue]") {
    Queue queue(8);
    fill(queue, {5, 2, 2, 9, 1});
    int sum = 0;
    const auto within = [&sum](const std::unique_ptr<int>& item) { return (sum += *item) <= 9; };
    CHECK(queue.take_group(within).size() == 3);
    sum = 100;
    CHECK(queue.take_group(within).size() == 1);
    CHECK(queue.size() == 1);
}

TEST_CASE(
    "what comes alone goes at once, and groups that follow keep apart and gather what comes meanwhile", "[queue]"
) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds apart(500);
    const auto all = [](const auto&) { return true; };
    Queue queue(8);
    fill(queue, {1});
    const auto begin = Clock::now();
    CHECK(queue.take_group(all, apart).size() == 1);
    CHECK(Clock::now() - begin < apart);
    fill(queue, {2});
    const std::jthread later([&queue] { fill(queue, {3}); });
    CHECK(queue.take_group(all, apart).size() == 2);
    CHECK(Clock::now() - begin >= apart);
}
