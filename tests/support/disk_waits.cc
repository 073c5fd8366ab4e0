#include "tests/support/disk_waits.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace {

std::atomic<int> waits = 0;

int Wait(long call, int fd) {
  ++waits;
  return static_cast<int>(syscall(call, fd));
}

}  // namespace

// Libraries call these too: a program's own symbols come before the C library's.
extern "C" int fsync(int fd) { return Wait(SYS_fsync, fd); }
extern "C" int fdatasync(int fd) { return Wait(SYS_fdatasync, fd); }

namespace faultline {

int TakeDiskWaits() { return waits.exchange(0); }

}  // namespace faultline
