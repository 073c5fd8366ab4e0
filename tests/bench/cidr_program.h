#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/program/program.h"
#include "common/timeline.h"
#include "tests/support/netns.h"

namespace faultline::bench {

inline constexpr char kDevice[] = "eth0";

// The sizes that are compared.
inline constexpr std::size_t kSizes[] = {1, 100, 10'000, 100'000};

// `count` IPv4 /24 from 10.0.0.0 on, every other one, so that none can be merged. REQUIRES: count <= 100 000.
PrefixSet ManyPrefixes(std::size_t count);

// A timeline whose every step drops, at the receiver, what comes from ManyPrefixes(count), and the program that
// carries it out on kDevice. The steps differ only in when they act.
struct CidrRun {
  Timeline timeline;
  Program program;
};
CidrRun MakeCidrRun(const std::string& run, std::size_t count, std::vector<Step> steps);

// A step of that kind.
Step CidrStep(StepIndex index, Duration at, Duration length);

// Makes kDevice, up, both ends of it in the namespace.
void AddDevice(const testing::Netns& netns);

}  // namespace faultline::bench
