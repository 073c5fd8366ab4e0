#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/doctor/kernel_facts.h"
#include "agent/kernel/network_survey.h"
#include "common/capability.h"
#include "common/examination.h"

namespace faultline {

// What a device's driver or kernel does to packets to save work. A value.
struct Offloads {
  bool gro = false;
  bool gso = false;
  bool tso = false;
  bool lro = false;
};

struct Conntrack {
  std::uint64_t count = 0;
  std::uint64_t max = 0;
};

// What is beside faults on this node's network. A value.
struct NetworkFacts {
  absl::StatusOr<NetworkSurvey> survey = absl::UnknownError("not looked at");
  // Of the usable devices; none of those that do not tell.
  std::map<std::string, Offloads> offloads;
  // Names of iptables-legacy's tables.
  std::vector<std::string> legacy_tables;
  // Connections that are tracked; absent when none are, or it cannot be seen.
  std::optional<Conntrack> conntrack;
  // Whether /proc/sys can be seen.
  bool sees_conntrack = true;
  // Those that the configuration lets faults use; empty: every usable one.
  std::vector<std::string> configured;
  Platform platform;
  // Whether clsact stands in for the egress hook that this kernel has not.
  bool sender_by_clsact = false;
};

NetworkFacts ReadNetworkFacts(std::vector<std::string> configured, const KernelFacts& kernel);

// "interfaces", "qdiscs", "offloads". Pure.
Examination JudgeInterfaces(const NetworkFacts& facts);
// "hooks": what sees packets before faults do; "firewalls"; "conntrack". Pure.
Examination JudgeFirewalls(const NetworkFacts& facts);

}  // namespace faultline
