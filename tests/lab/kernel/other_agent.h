#pragma once

#include <sys/types.h>

#include "common/clock.h"
#include "common/program/program.h"
#include "tests/support/netns.h"

namespace faultline::testing {

// Another process in a namespace, that has installed a run and opened all of its gates; it does nothing more.
class OtherAgent {
 public:
  OtherAgent(const Netns& netns, bool use_table_owner, const Program& program, Duration timeout);
  ~OtherAgent() { Kill(); }
  OtherAgent(const OtherAgent&) = delete;

  pid_t pid() const { return child_; }
  // By SIGKILL; returns when it has gone.
  void Kill();

 private:
  pid_t child_ = 0;
};

}  // namespace faultline::testing
