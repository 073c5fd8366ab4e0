#pragma once

namespace faultline {

// How often this program has waited for a disk (fsync, fdatasync) since the last call, in its libraries as well.
int TakeDiskWaits();

}  // namespace faultline
