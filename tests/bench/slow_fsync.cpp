// A disk that takes its time, for LD_PRELOAD into PostgreSQL: fdatasync() sleeps RELAY_BENCH_FSYNC_US before it goes
// on.
#include <cstdlib>

#include <dlfcn.h>
#include <time.h>

extern "C" int fdatasync(int fd) {
    using Function = int (*)(int);
    static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "fdatasync"));
    static const char* text = std::getenv("RELAY_BENCH_FSYNC_US");
    static const long us = text != nullptr ? std::atol(text) : 0;
    const timespec pause{us / 1000000, us % 1000000 * 1000};
    ::nanosleep(&pause, nullptr);
    return real(fd);
}
