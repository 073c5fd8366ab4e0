#include "agent/doctor/doctor.h"

#include <unistd.h>

#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "agent/doctor/clock_facts.h"
#include "agent/doctor/controller_facts.h"
#include "agent/doctor/kernel_facts.h"
#include "agent/doctor/local_facts.h"
#include "agent/doctor/network_facts.h"
#include "agent/doctor/privilege_facts.h"
#include "agent/kernel/probe.h"
#include "agent/local_verbs.h"
#include "agent/ssm_endpoints.h"
#include "agent/system_resolvers.h"
#include "agent/timeline/real_time.h"
#include "common/document/document.h"
#include "common/duration.h"
#include "common/file.h"
#include "common/host_resolver.h"

namespace faultline {
namespace {

constexpr Duration kSsmPatience = std::chrono::seconds(2);

std::string OneLine(absl::string_view text) {
  return absl::StrReplaceAll(Printable(text), {{"\n", " "}, {"\r", " "}, {"\t", " "}});
}

Examination Join(std::initializer_list<Examination> groups) {
  Examination all;
  for (const Examination& group : groups) all.insert(all.end(), group.begin(), group.end());
  return Printed(std::move(all));
}

std::vector<std::string> InterfacesOf(const absl::StatusOr<AgentConfig>& config) {
  return config.ok() ? config->interfaces : std::vector<std::string>();
}

// None where the node is in no region of AWS's.
std::optional<std::vector<IpAddress>> LookUpSsm(const std::string& region) {
  if (!IsAwsRegion(region)) return std::nullopt;
  std::vector<IpAddress> found;
  for (const std::string& name : SsmNames(region)) {
    const auto addresses = ResolveHost(name, kSsmPatience);
    // If nobody answers for the first, nobody will for the next.
    if (absl::IsDeadlineExceeded(addresses.status())) break;
    if (addresses.ok()) found.insert(found.end(), addresses->begin(), addresses->end());
  }
  return found;
}

LocalFacts ReadLocalFacts(const absl::StatusOr<AgentConfig>& config, const std::string& config_file,
                          const absl::StatusOr<NodeName>& name) {
  return {.config = config,
          .config_file = config_file,
          .name = name,
          .agent = std::nullopt,
          .kernel = ReadStandingFaults(),
          .real_time = absl::NotFoundError("no agent is looked at"),
          .resolvers = SystemResolvers(),
          .ssm = std::nullopt,
          .controller = {}};
}

Finding WhatIsLeftOut() {
  return Good("agent", "runs; `faultline-agent doctor` there also looks at the clock and tries the kernel anew");
}

Finding JudgeSession(const RunningAgent& agent) {
  if (!agent.round_trip) {
    return Warning("controller", absl::StrCat("connected to ", agent.config.controller, "; its clock is not known yet"),
                   "ask again in a second");
  }
  return Good("controller", absl::StrCat("connected to ", agent.config.controller, "; its clock is known to within ",
                                         FormatDuration(*agent.round_trip / 2)));
}

}  // namespace

Examination Printed(Examination findings) {
  for (Finding& finding : findings) {
    finding.detail = OneLine(finding.detail);
    finding.mend = OneLine(finding.mend);
  }
  return findings;
}

Examination ExamineNode(const DoctorOptions& options) {
  const KernelFacts kernel = ReadKernelFacts(ProbeApart());
  const NetworkFacts network = ReadNetworkFacts(InterfacesOf(options.config), kernel);
  LocalFacts local = ReadLocalFacts(options.config, options.config_file, options.name);
  local.agent = AskForStatus(options.config.ok() ? options.config->runtime : AgentConfig().runtime);
  if (local.agent->pid) local.real_time = IsRealTime(*local.agent->pid);
  Examination controller;
  if (options.config.ok()) {
    const ControllerFacts facts = ReadControllerFacts(*options.config, options.insecure);
    controller = Join({JudgeController(facts), JudgeCertificate(facts)});
    local.controller = facts.resolved.value_or(std::vector<IpAddress>());
    local.ssm = LookUpSsm(RegionOf(options.config->labels, options.ec2));
  }
  return Join({JudgeKernel(kernel), JudgePrivileges(ReadPrivilegeFacts()), JudgeInterfaces(network),
               JudgeFirewalls(network), JudgeClock(ReadClockFacts(kernel.platform)), JudgeConfig(local), controller,
               JudgeProtected(local), JudgeAgent(local)});
}

Examination ExamineFromWithin(const RunningAgent& agent) {
  const KernelFacts kernel = ReadKernelFacts(agent.has);
  const NetworkFacts network = ReadNetworkFacts(agent.config.interfaces, kernel);
  const absl::StatusOr<std::string> text = ReadFile(agent.config_file);
  LocalFacts local = ReadLocalFacts(text.ok() ? ParseAgentConfig(*text, agent.config_file) : text.status(),
                                    agent.config_file, agent.config.name);
  local.real_time = IsRealTime(getpid());
  return Join({JudgeKernel(kernel),
               JudgePrivileges(ReadPrivilegeFacts()),
               JudgeInterfaces(network),
               JudgeFirewalls(network),
               JudgeClock(ReadClockFacts(kernel.platform)),
               JudgeConfig(local),
               {JudgeSession(agent)},
               JudgeCertificate(ReadCertificateFacts(agent.config)),
               JudgeProtected(local),
               {WhatIsLeftOut()},
               JudgeAgent(local)});
}

}  // namespace faultline
