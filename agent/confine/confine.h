#pragma once

#include "absl/status/status.h"

namespace faultline {

// Takes from this process, and all its threads, what an agent never needs, for good: it starts no program and no other
// process, opens no socket but Unix, IPv4, IPv6 and netlink ones, and of the kernel's calls makes only those that are
// on a list (files, memory, threads, time, waiting, sockets). What is not on it fails with ENOSYS, so that a C library
// that would rather use a newer call falls back on an older one. Needs no privilege; works without systemd too, whose
// unit says the same more coarsely.
//
// UNIMPLEMENTED on a kernel without seccomp filters; other errors name the call.
absl::Status Confine();

}  // namespace faultline
