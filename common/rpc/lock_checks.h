#pragma once

namespace faultline {

// Debian builds abseil so that its mutexes look for deadlocks. Those are gRPC's alone, some for each connection, and
// with 10 000 sessions every fifth instruction of a controller was part of that. From now on they do not look. Any
// thread.
void LeaveOutLockChecks();

}  // namespace faultline
