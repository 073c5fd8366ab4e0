#include "tests/bench/cidr_program.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace faultline::bench {

PrefixSet ManyPrefixes(std::size_t count) {
  std::vector<Prefix> prefixes;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(10 + (i >> 15)), static_cast<std::uint8_t>(i >> 7),
                                  static_cast<std::uint8_t>(i << 1), 0};
    prefixes.push_back(Prefix::Containing(IpAddress(bytes), 24).value());
  }
  return PrefixSet(std::move(prefixes));
}

Step CidrStep(StepIndex index, Duration at, Duration length) {
  return {.index = index,
          .name = absl::StrCat("s", index),
          .at = at,
          .length = length,
          .rules = {{.side = Side::kReceiver, .match = {.sources = 0}}}};
}

CidrRun MakeCidrRun(const std::string& run, std::size_t count, std::vector<Step> steps) {
  CidrRun result;
  result.timeline.run = RunId(run);
  result.timeline.node = NodeName("bench");
  result.timeline.prefix_sets = {ManyPrefixes(count)};
  result.timeline.lease = kLongestLease;
  result.program.run = result.timeline.run;
  result.program.devices = {kDevice};
  result.program.prefix_sets = result.timeline.prefix_sets;
  for (const Step& step : steps) {
    result.timeline.length = std::max(result.timeline.length, step.end());
    result.program.steps.push_back({.index = step.index, .incoming = {{.sources = 0}}});
  }
  result.timeline.steps = std::move(steps);
  return result;
}

void AddDevice(const testing::Netns& netns) {
  netns.Run(absl::StrCat("ip link add ", kDevice, " type veth peer name far"));
  netns.Run(absl::StrCat("ip link set ", kDevice, " up"));
  netns.Run("ip link set far up");
}

}  // namespace faultline::bench
