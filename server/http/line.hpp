// The connection of a request, as a handler sees it that waits long.
#pragma once

#include <functional>

namespace relay::server::http {

/// Used on its io_context only.
class Line {
public:
    virtual ~Line() = default;
    /// Until unwatch() calls `ended`, once, when the other side has closed its sending side or is lost. Where more
    /// bytes have come already it is taken to live. One watch at a time.
    virtual void watch(std::function<void()> ended) = 0;
    virtual void unwatch() noexcept = 0;
};

} // namespace relay::server::http
