#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "agent/config.h"
#include "agent/ec2/ec2_identity.h"
#include "common/capability.h"
#include "common/clock.h"
#include "common/examination.h"
#include "common/name.h"

namespace faultline {

// Reads the facts, a group after the other, and judges them. What cannot be read is a finding, and nothing is changed
// on the node; but for modules that the kernel loads when it is asked what it can do.

// The same in printable UTF-8, each text one line: '?' stands for every other byte. Names of interfaces and chains may
// have any, and so may a file. Pure.
Examination Printed(Examination findings);

struct DoctorOptions {
  // As it was read, with all that is wrong with it.
  absl::StatusOr<AgentConfig> config;
  std::string config_file;
  // Of this node; why it has none. Of no matter where the configuration is wrong.
  absl::StatusOr<NodeName> name;
  // What EC2 says of this node; nothing off EC2.
  Ec2Identity ec2;
  // Without TLS.
  bool insecure = false;
};

// All there is to be found, whether an agent runs or not. Takes some seconds where somebody does not answer.
Examination ExamineNode(const DoctorOptions& options);

// What the running agent knows. All must outlive the call.
struct RunningAgent {
  // As it is in use, with its name and its controller.
  const AgentConfig& config;
  const std::string& config_file;
  // As it found them when it started: confined, it tries nothing any more.
  CapabilitySet has;
  // Of the present session's clock exchanges.
  std::optional<Duration> round_trip;
};

// The same as far as the running agent may see: it asks nobody else and waits for nothing but the kernel. Any thread.
Examination ExamineFromWithin(const RunningAgent& agent);

}  // namespace faultline
