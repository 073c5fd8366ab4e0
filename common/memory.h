#pragma once

namespace faultline {

// For a process that is to be small rather than to allocate much in many threads at once: what one thread frees, others
// use. Before the first thread is made.
void ShareFreedMemory();

// Gives back to the system what was freed and the allocator keeps. For after something large: it takes some time, in
// which others wait who allocate. Any thread.
void ReturnFreedMemory();

}  // namespace faultline
