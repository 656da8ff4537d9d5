// Makes chosen calls to the system fail, as a worn disk or another file system would let them. An executable that links
// system_faults.cpp needs the linker's --wrap for each function named there.
#pragma once

namespace relay::client::testing {

/// While it lives, every renameat2() with a flag fails with EINVAL.
class NoRenameFlags {
public:
    NoRenameFlags();
    NoRenameFlags(const NoRenameFlags&) = delete;
    NoRenameFlags& operator=(const NoRenameFlags&) = delete;
    ~NoRenameFlags();
};

/// The first flock() while it lives comes too late: the file was removed after it was opened.
class RemovedBeforeLocked {
public:
    explicit RemovedBeforeLocked(const char* path);
    RemovedBeforeLocked(const RemovedBeforeLocked&) = delete;
    RemovedBeforeLocked& operator=(const RemovedBeforeLocked&) = delete;
    ~RemovedBeforeLocked();
};

/// While it lives, open() fails with EMFILE.
class NoDescriptors {
public:
    NoDescriptors();
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;
    ~NoDescriptors();
};

/// While it lives, pread() fails with EIO after it was called `good` times.
class ReadFault {
public:
    explicit ReadFault(int good);
    ReadFault(const ReadFault&) = delete;
    ReadFault& operator=(const ReadFault&) = delete;
    ~ReadFault();

    /// Whether any call failed.
    [[nodiscard]] bool struck() const;
};

} // namespace relay::client::testing
