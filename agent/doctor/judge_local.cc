#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/doctor/local_facts.h"

namespace faultline {
namespace {

constexpr absl::string_view kMendResidue = "faultline-agent heal";

std::string Texts(const std::vector<IpAddress>& addresses) {
  return absl::StrJoin(addresses, " ",
                       [](std::string* out, const IpAddress& address) { absl::StrAppend(out, address.ToString()); });
}

std::string RunsOf(const StandingFaults& kernel) {
  return absl::StrJoin(kernel.runs, ", ",
                       [](std::string* out, const StandingFaults::Run& run) { absl::StrAppend(out, run.id.text()); });
}

Finding JudgeDaemon(const LocalAgent& agent) {
  constexpr absl::string_view kSubject = "agent";
  const std::string process = agent.pid ? absl::StrCat(", process ", *agent.pid) : "";
  if (agent.status.ok()) {
    if (agent.status->connected) {
      return Good(kSubject, absl::StrCat("runs", process, "; connected to ", agent.status->controller));
    }
    return Warning(kSubject, absl::StrCat("runs", process, ", without its controller ", agent.status->controller),
                   "see 'controller' and 'tls' here, and journalctl -u faultline-agent");
  }
  if (absl::IsNotFound(agent.status.status())) {
    return Warning(kSubject, "none runs here", "systemctl enable --now faultline-agent");
  }
  if (absl::IsPermissionDenied(agent.status.status())) {
    return Warning(kSubject, absl::StrCat("cannot be asked: ", agent.status.status().message()), "run this as root");
  }
  return Bad(kSubject, absl::StrCat("hangs", process, ": ", agent.status.status().message()),
             "systemctl restart faultline-agent");
}

Finding JudgeResidue(const LocalFacts& facts) {
  constexpr absl::string_view kSubject = "residue";
  if (!facts.kernel.ok()) {
    return Warning(kSubject, absl::StrCat("cannot be looked for: ", facts.kernel.status().message()),
                   "run this as root");
  }
  const StandingFaults& kernel = *facts.kernel;
  if (kernel.empty()) return Good(kSubject, "none: nothing of faultline is in this kernel");
  const bool lives = !facts.agent || facts.agent->status.ok();
  if (lives && !kernel.runs.empty()) return Good(kSubject, absl::StrCat("none; in progress: ", RunsOf(kernel)));
  if (lives) return Good(kSubject, "what is in this kernel is the running agent's");
  return Warning(kSubject,
                 kernel.runs.empty()
                     ? "an earlier agent left what acts on nothing"
                     : absl::StrCat("an earlier agent left ", RunsOf(kernel), ", which ends within its lease"),
                 std::string(kMendResidue));
}

Finding JudgePriority(bool real_time) {
  return Good("priority", real_time ? "real-time: faults begin and end on time on a busy machine too"
                                    : "as everybody's: on a busy machine faults begin and end later; "
                                      "`faultline-agent realtime` mends that");
}

}  // namespace

Examination JudgeConfig(const LocalFacts& facts) {
  constexpr absl::string_view kSubject = "config";
  if (facts.config.ok() && facts.name.ok()) {
    return {Good(kSubject, absl::StrCat(facts.config_file, ": valid; node ", facts.name->text()))};
  }
  if (facts.config.ok()) {
    return {Bad(kSubject, absl::StrCat("no name for this node: ", facts.name.status().message()),
                absl::StrCat("give 'name' in ", facts.config_file))};
  }
  if (absl::IsNotFound(facts.config.status())) {
    return {Bad(kSubject, absl::StrCat(facts.config_file, " is not there"),
                "write it: on a node that is enrolled 'name: NAME' is enough; or name another one with --config")};
  }
  if (absl::IsPermissionDenied(facts.config.status())) {
    return {Bad(kSubject, absl::StrCat("cannot be read: ", facts.config.status().message()), "run this as root")};
  }
  Examination findings;
  for (const absl::string_view line : absl::StrSplit(facts.config.status().message(), '\n', absl::SkipEmpty())) {
    findings.push_back(Bad(kSubject, std::string(line), absl::StrCat("mend it in ", facts.config_file)));
  }
  return findings;
}

Examination JudgeAgent(const LocalFacts& facts) {
  Examination findings;
  if (facts.agent) findings.push_back(JudgeDaemon(*facts.agent));
  findings.push_back(JudgeResidue(facts));
  if (facts.real_time.ok()) findings.push_back(JudgePriority(*facts.real_time));
  return findings;
}

Examination JudgeProtected(const LocalFacts& facts) {
  std::vector<std::string> words = {"SSH, NTP, DHCP, neighbour discovery, instance metadata"};
  if (!facts.controller.empty()) words.push_back(absl::StrCat("controller ", Texts(facts.controller)));
  if (facts.config.ok() && facts.config->protect_dns && !facts.resolvers.empty()) {
    words.push_back(absl::StrCat("DNS ", Texts(facts.resolvers)));
  }
  if (facts.ssm) {
    words.push_back(facts.ssm->empty() ? "SSM, whose names do not resolve here"
                                       : absl::StrCat("SSM ", Texts(*facts.ssm)));
  }
  return {Good("protected", absl::StrCat("no fault can hit: ", absl::StrJoin(words, "; ")))};
}

}  // namespace faultline
