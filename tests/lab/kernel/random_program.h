#pragma once

#include <random>

#include "common/capability.h"
#include "common/program/program.h"

namespace faultline::testing {

// A program for eth0 that uses whatever the kernel has: one to five steps of any effect and filter, in both directions.
// Equal generators give equal programs.
Program RandomProgram(const std::string& run, const CapabilitySet& has, std::mt19937& random);

// Another shape for a step's lane, of the same kind.
Impairment RandomChange(const Program::StepRules& step, std::mt19937& random);

}  // namespace faultline::testing
