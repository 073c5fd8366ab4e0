#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/command_line.h"
#include "agent/daemon.h"
#include "agent/loaded_config.h"
#include "agent/local_client.h"
#include "agent/local_verbs.h"
#include "common/arguments.h"
#include "common/clock.h"
#include "common/log/journal_socket.h"
#include "common/log/log.h"
#include "common/memory.h"
#include "common/rpc/grpc_log.h"
#include "common/service/failure.h"
#include "common/service/notify.h"

namespace faultline {
namespace {

// As the man page has them.
constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kFaultsThere = 3;

constexpr char kProgram[] = "faultline-agent";

int Fail(const absl::Status& status, const ServiceNotifier& notifier = ServiceNotifier()) {
  const std::string why =
      absl::StrCat(status.message(), absl::IsPermissionDenied(status) ? "; root or CAP_NET_ADMIN is needed" : "");
  ReportFailure(kProgram, why, notifier, !JournalOfStandardError().empty());
  return absl::IsInvalidArgument(status) ? kWrongUsage : kFailed;
}

// What this node is called, for whoever runs no daemon: EC2 is asked only where it has the name.
absl::StatusOr<NodeName> AskForName(const AgentConfig& config) {
  const SystemClock clock;
  return NameOf(config, IsNamedByEc2(config) ? Ec2Start::Look(config.ec2, "/sys", clock) : WithoutEc2());
}

// Of a node that this process is no agent of.
DoctorOptions DoctorOptionsOf(const CommandLine& command, const absl::StatusOr<AgentConfig>& config) {
  DoctorOptions options{.config = config,
                        .config_file = command.config_file,
                        .name = absl::FailedPreconditionError("there is no configuration"),
                        .ec2 = {},
                        .insecure = command.insecure};
  if (!config.ok()) return options;
  const SystemClock clock;
  const Ec2Start ec2 = Ec2Start::Look(config->ec2, "/sys", clock);
  options.name = NameOf(*config, ec2);
  if (ec2.first.ok()) options.ec2 = ec2.first->identity;
  return options;
}

int Serve(const CommandLine& command) {
  ShareFreedMemory();
  const absl::StatusOr<ServiceNotifier> notifier = ServiceNotifier::FromEnvironment();
  if (!notifier.ok()) return Fail(notifier.status());
  absl::StatusOr<AgentConfig> config = LoadConfig(command.config_file);
  if (!config.ok()) return Fail(config.status(), *notifier);
  // Only EC2 is asked later, when nothing of an earlier agent is left.
  if (!IsNamedByEc2(*config)) {
    const absl::StatusOr<NodeName> name = NameOf(*config, WithoutEc2());
    if (!name.ok()) return Fail(name.status(), *notifier);
    config->name = *name;
  }
  absl::Status served;
  {
    LogWriter log({.origin = {.identifier = kProgram, .node = config->name.text()},
                   .level = config->log_level,
                   .journal = JournalOfStandardError()});
    served = RunDaemon(
        *config, {.config_file = command.config_file, .insecure = command.insecure, .notifier = *notifier, .log = log});
  }
  return served.ok() ? kOk : Fail(served, *notifier);
}

int Say(const absl::StatusOr<std::string>& done) {
  if (!done.ok()) return Fail(done.status());
  std::cout << *done << "\n";
  return kOk;
}

int ShowStatus(const std::string& runtime, bool json) {
  const absl::StatusOr<NodeStatus> status = ReadNodeStatus(runtime);
  if (!status.ok()) return Fail(status.status());
  std::cout << (json ? StatusJson(*status) : StatusText(*status));
  return status->kernel.empty() ? kOk : kFaultsThere;
}

int ShowOrSetLogLevel(const std::string& runtime, const std::string& name) {
  std::optional<LogLevel> level;
  if (!name.empty()) {
    const absl::StatusOr<LogLevel> parsed = ParseLogLevel(name);
    if (!parsed.ok()) return Fail(parsed.status());
    level = *parsed;
  }
  const absl::StatusOr<LogLevel> now = AskForLogLevel(runtime, level);
  if (!now.ok()) return Fail(now.status());
  std::cout << NameOf(*now) << "\n";
  return kOk;
}

// A configuration is of use here, but not needed.
int EnrollNow(const CommandLine& command) {
  EnrollOptions options = command.enrolment;
  absl::StatusOr<AgentConfig> config = LoadConfig(command.config_file);
  if (absl::IsNotFound(config.status())) config = AgentConfig();
  if (!config.ok()) return Fail(config.status());
  if (options.name.empty()) {
    const absl::StatusOr<NodeName> name = AskForName(*config);
    if (!name.ok()) return Fail(name.status());
    options.name = name->text();
  }
  if (options.controller.empty()) options.controller = config->controller;
  options.tls = config->tls;
  if (options.token == "-") {
    absl::StatusOr<std::string> token = ReadToken(std::cin);
    if (!token.ok()) return Fail(token.status());
    options.token = *std::move(token);
  }
  const absl::StatusOr<std::string> done = EnrollNode(options);
  if (!done.ok()) {
    std::cerr << "faultline-agent: not enrolled: " << done.status().message() << "\n";
    return absl::IsInvalidArgument(done.status()) ? kWrongUsage : kFailed;
  }
  std::cout << *done;
  return kOk;
}

int Main(int argc, char** argv) {
  CommandLine command;
  if (const std::optional<int> code = ReadCommandLine(argc, argv, command)) return *code;
  // Why a connection fails, the session says.
  SendGrpcLogTo([](absl::string_view message) { LogDebug(absl::StrCat("gRPC: ", message)); });
  if (command.verb == CommandLine::Verb::kServe) return Serve(command);
  if (command.verb == CommandLine::Verb::kEnroll) return EnrollNow(command);
  // The other verbs do what they can without one.
  const absl::StatusOr<AgentConfig> config = LoadConfig(command.config_file);
  const std::string runtime = config.ok() ? config->runtime : AgentConfig().runtime;
  switch (command.verb) {
    case CommandLine::Verb::kHeal:
      return Say(HealNode({.runtime = runtime, .may_kill = !command.no_kill}));
    case CommandLine::Verb::kStatus:
      return ShowStatus(runtime, command.json);
    case CommandLine::Verb::kRealTime:
      return Say(MakeAgentRealTime(runtime));
    case CommandLine::Verb::kLogLevel:
      return ShowOrSetLogLevel(runtime, command.level);
    case CommandLine::Verb::kDoctor:
      return RunDoctor(DoctorOptionsOf(command, config), command.show);
    case CommandLine::Verb::kServe:
    case CommandLine::Verb::kEnroll:
      break;
  }
  return kFailed;
}

}  // namespace
}  // namespace faultline

int main(int argc, char** argv) { return faultline::Main(argc, argv); }
