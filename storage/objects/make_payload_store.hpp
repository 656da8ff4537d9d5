// The store that `objects.url` names. Used where the server is put together.
#pragma once

#include "storage/objects/file_objects.hpp"
#include "storage/payload_store.hpp"

#include <memory>
#include <string>

namespace relay::storage::objects {

/// `file:///absolute/path`. Error: malformed_request with a clear cause for anything else; unavailable for a folder
/// that cannot be written.
[[nodiscard]] protocol::Result<std::unique_ptr<PayloadStore>>
make_payload_store(const std::string& url, const FileObjectsLimits& limits = FileObjectsLimits());

} // namespace relay::storage::objects
