#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/doctor/doctor_verb.h"
#include "agent/enroll_node.h"

namespace faultline {

// What the program is told by its arguments. A value.
struct CommandLine {
  enum class Verb : std::uint8_t { kServe, kHeal, kStatus, kRealTime, kLogLevel, kDoctor, kEnroll };

  // Without a verb it is a daemon.
  Verb verb = Verb::kServe;
  std::string config_file = "/etc/faultline/agent.yaml";
  bool insecure = false;
  // Of `heal`.
  bool no_kill = false;
  // Of `status`.
  bool json = false;
  // Of `log-level`; empty: which it is.
  std::string level;
  DoctorShow show;
  // Of `enroll`: its options; what they leave open, the configuration says.
  EnrollOptions enrolment;
};

// Reads the program's arguments. Not empty: it is to end with this code, see ParseArguments.
std::optional<int> ReadCommandLine(int argc, char** argv, CommandLine& command);

}  // namespace faultline
