#pragma once

#include "agent/doctor/doctor.h"

namespace faultline {

// `faultline-agent doctor`: shows what is found, and how.
struct DoctorShow {
  bool json = false;
  // Warnings count as well.
  bool strict = false;
};

// What it exits with when something is bad.
inline constexpr int kSomethingBad = 4;

// Prints to standard output; the exit code.
int RunDoctor(const DoctorOptions& options, const DoctorShow& show);

}  // namespace faultline
