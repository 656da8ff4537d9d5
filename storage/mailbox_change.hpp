// What a process hears of a mailbox that any process changed.
#pragma once

#include "protocol/ids.hpp"

namespace relay::storage {

struct MailboxChange {
    protocol::OfficeNumber office; ///< whose inbox it is
    bool arrived = true;           ///< some bundle became `waiting` there; else only others changed or left
};

} // namespace relay::storage
