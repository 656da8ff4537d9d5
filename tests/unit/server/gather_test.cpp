#include "storage/gather.hpp"

#include "server/threads.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace relay;
using namespace relay::server;

namespace {

/// Runs the coroutine on the first network thread of a running set of threads.
void run_on_network(Threads& threads, const std::function<Awaitable<void>()>& work) {
    boost::asio::co_spawn(threads.network.front()->get_executor(), work(), [&](const std::exception_ptr& error) {
        threads.stop();
        if (error) {
            std::rethrow_exception(error);
        }
    });
    threads.run();
}

} // namespace

TEST_CASE("the entries of a batch run on all batch threads, and the caller goes on on its own", "[server]") {
    Threads threads(2);
    std::vector<std::thread::id> ran(100);
    std::thread::id before;
    std::thread::id after;
    const std::function<Awaitable<void>(std::size_t)> note = [&](std::size_t i) -> Awaitable<void> {
        ran[i] = std::this_thread::get_id();
        co_return;
    };
    run_on_network(threads, [&]() -> Awaitable<void> {
        before = std::this_thread::get_id();
        co_await gather_on(threads.batch_contexts(), ran.size(), note);
        after = std::this_thread::get_id();
    });
    CHECK(before == after);
    CHECK(std::find(ran.begin(), ran.end(), before) == ran.end());
    CHECK(std::set<std::thread::id>(ran.begin(), ran.end()).size() == 2);
}

TEST_CASE("an entry that throws is told when all others have ended", "[server]") {
    Threads threads(2);
    std::vector<int> done(50, 0);
    bool thrown = false;
    const std::function<Awaitable<void>(std::size_t)> work = [&](std::size_t i) -> Awaitable<void> {
        if (i == 7) {
            throw std::runtime_error("entry 7");
        }
        const auto executor = co_await boost::asio::this_coro::executor;
        co_await boost::asio::post(executor, use_relay_awaitable);
        done[i] = 1;
    };
    run_on_network(threads, [&]() -> Awaitable<void> {
        try {
            co_await gather_on(threads.batch_contexts(), done.size(), work);
        } catch (const std::runtime_error&) {
            thrown = true;
        }
    });
    CHECK(thrown);
    CHECK(std::count(done.begin(), done.end(), 1) == 49);
}
