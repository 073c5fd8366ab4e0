#include "tests/bench/contender.h"

#include <thread>

#include "common/status.h"

namespace faultline::bench {
namespace {

// The kernel frees what was removed in the background; the next one is not to pay for it.
constexpr Duration kSettle = std::chrono::milliseconds(20);

}  // namespace

absl::StatusOr<Duration> Contender::Load(std::size_t cidrs) {
  const testing::InNetns inside(netns_);
  FAULTLINE_ASSIGN_OR_RETURN(const Duration took, DoLoad(cidrs));
  std::this_thread::sleep_for(kSettle);
  return took;
}

CidrRun OneStep(std::size_t cidrs) {
  return MakeCidrRun("arm", cidrs, {CidrStep(0, Duration(0), std::chrono::seconds(1))});
}

}  // namespace faultline::bench
