#include "tests/unit/client/system_faults.hpp"

#include <sys/types.h>

#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

namespace {

bool rename_flags = true;
bool descriptors = true;
int good_reads = INT_MAX;
bool struck_once = false;
const char* to_remove = nullptr;

} // namespace

extern "C" {

int __real_renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags);
ssize_t __real_pread(int descriptor, void* to, size_t size, off_t offset);
int __real_flock(int descriptor, int operation);
int __real_open(const char* path, int flags, mode_t mode);

int __wrap_renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
    if (flags != 0 && !rename_flags) {
        errno = EINVAL;
        return -1;
    }
    return __real_renameat2(from_folder, from, to_folder, to, flags);
}

ssize_t __wrap_pread(int descriptor, void* to, size_t size, off_t offset) {
    if (good_reads == 0) {
        struck_once = true;
        errno = EIO;
        return -1;
    }
    if (good_reads != INT_MAX) {
        --good_reads;
    }
    return __real_pread(descriptor, to, size, offset);
}

int __wrap_open(const char* path, int flags, mode_t mode) {
    if (!descriptors) {
        errno = EMFILE;
        return -1;
    }
    return __real_open(path, flags, mode);
}

int __wrap_flock(int descriptor, int operation) {
    if (const char* path = std::exchange(to_remove, nullptr); path != nullptr) {
        ::unlink(path);
    }
    return __real_flock(descriptor, operation);
}
}

namespace relay::client::testing {

NoRenameFlags::NoRenameFlags() {
    rename_flags = false;
}

NoRenameFlags::~NoRenameFlags() {
    rename_flags = true;
}

RemovedBeforeLocked::RemovedBeforeLocked(const char* path) {
    to_remove = path;
}

RemovedBeforeLocked::~RemovedBeforeLocked() {
    to_remove = nullptr;
}

NoDescriptors::NoDescriptors() {
    descriptors = false;
}

NoDescriptors::~NoDescriptors() {
    descriptors = true;
}

ReadFault::ReadFault(int good) {
    good_reads = good;
    struck_once = false;
}

ReadFault::~ReadFault() {
    good_reads = INT_MAX;
}

bool ReadFault::struck() const {
    return struck_once;
}

} // namespace relay::client::testing
