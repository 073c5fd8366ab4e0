#include "agent/daemon.h"

#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "agent/confine/confine.h"
#include "agent/doctor/doctor.h"
#include "agent/doctor/kernel_facts.h"
#include "agent/ec2/ec2_start.h"
#include "agent/ec2/ec2_watch.h"
#include "agent/ec2/hardware_address.h"
#include "agent/enrolled_controller.h"
#include "agent/kernel/foreign_monitor.h"
#include "agent/kernel/link_monitor.h"
#include "agent/kernel/linux_kernel.h"
#include "agent/loaded_config.h"
#include "agent/local_server.h"
#include "agent/metrics/agent_metrics.h"
#include "agent/metrics/engine_tally.h"
#include "agent/observe/prober.h"
#include "agent/observe/tcp_prober.h"
#include "agent/session/clock_map.h"
#include "agent/session/journal.h"
#include "agent/session/renewal.h"
#include "agent/session/run_log.h"
#include "agent/session/session.h"
#include "agent/ssm_endpoints.h"
#include "agent/system_resolvers.h"
#include "agent/timeline/engine_thread.h"
#include "common/capability.h"
#include "common/clock.h"
#include "common/metrics/metrics_server.h"
#include "common/rpc/credentials.h"
#include "common/service/daemon.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr char kMend[] =
    "`faultline-agent enroll` makes these files, and --insecure does without TLS where the network itself is trusted";

// INVALID_ARGUMENT when there is none: that waits for somebody to enrol the node.
absl::StatusOr<std::string> ControllerOf(const AgentConfig& config) {
  if (!config.controller.empty()) return config.controller;
  absl::StatusOr<std::string> enrolled = EnrolledController(config.tls);
  const absl::Status& none = enrolled.status();
  if (absl::IsNotFound(none) || absl::IsFailedPrecondition(none)) return absl::InvalidArgumentError(none.message());
  return enrolled;
}

// What is missing is said once, with what it would take, so that nobody needs a plan to be refused to learn it.
void LogCapabilities(const NodeName& node, const CapabilitySet& has, const Platform& platform) {
  LogInfo(absl::StrCat("Linux ", platform.kernel_release), {.node = node.text()});
  for (const Capability capability : CapabilitySet::All().ToVector()) {
    // clsact is not tried where there is the hook that it stands in for.
    const bool needless = capability == Capability::kEgressClsact && has.Has(Capability::kEgressHook);
    if (needless || has.Has(capability)) continue;
    LogWarning(absl::StrCat("this kernel has no ", NameOf(capability), ": ", HowToGet(capability, platform)));
  }
}

// After what needs more: probing makes a namespace where it may.
absl::Status ConfineOrWarn() {
  const absl::Status status = Confine();
  if (!absl::IsUnimplemented(status)) return status;
  LogWarning(absl::StrCat(status.message(), ": the agent runs without one"));
  return absl::OkStatus();
}

// What faults may not touch as of now: DHCP may change the DNS servers while the agent runs.
Protected ProtectedNow(const AgentConfig& config, KnownResolvers& resolvers, const SsmEndpoints& ssm) {
  Protected protect = config.protect;
  const auto add = [&protect](const std::vector<ProtectedEndpoint>& endpoints) {
    protect.endpoints.insert(protect.endpoints.end(), endpoints.begin(), endpoints.end());
  };
  if (config.protect_dns) add(DnsEndpoints(resolvers.Now()));
  add(ssm.Now());
  return protect;
}

// Null off EC2. What it learns goes to the session, which must outlive it.
std::unique_ptr<Ec2Watch> WatchEc2(const AgentConfig& config, Ec2Start start, SsmEndpoints& ssm, Session& session) {
  if (start.first.ok()) {
    LogInfo(absl::StrCat("EC2: ", start.Describe()));
  } else {
    LogDebug(absl::StrCat("EC2: ", start.first.status().message()));
  }
  if (start.reader == nullptr) return nullptr;
  return std::make_unique<Ec2Watch>(
      std::move(start.reader), start.first,
      [&](const Ec2Identity& now) {
        ssm.Find(RegionOf(config.labels, now));
        session.OnEc2(now);
      },
      [](const std::string& line) { LogWarning(absl::StrCat("EC2: ", line)); });
}

LookSchedule::Macs MacsOf(const std::vector<Interface>& interfaces) {
  LookSchedule::Macs macs;
  for (const Interface& interface : interfaces) {
    if (std::string mac = HardwareAddress(interface.name); !mac.empty()) macs.insert(std::move(mac));
  }
  return macs;
}

// What the local server says of this agent.
LocalStatus StatusOf(const AgentConfig& config, const Session& session, EngineThread& engine) {
  LocalStatus status{.controller = config.controller, .connected = session.registered(), .steps = {}};
  for (const EngineStatus::Run& run : engine.status().runs) {
    for (const EngineStatus::Step& step : run.steps) status.steps.push_back({run.id, step.index, step.name});
  }
  return status;
}

// Keeps the certificate from ending, where there is one. A renewed one is taken into use between two runs.
std::unique_ptr<Renewal> KeepCertificate(const AgentConfig& config, const Security& security, const Clock& clock,
                                         EngineThread& engine, Session& session) {
  if (security.insecure || config.controller.starts_with("unix:")) return nullptr;
  return std::make_unique<Renewal>(clock, config.controller, security, [&engine, &session] {
    if (!engine.Held().empty()) return false;
    session.Redial();
    return true;
  });
}

// With a configuration that is wrong all stays as it was.
void ReadAgain(const DaemonOptions& options) {
  const absl::StatusOr<AgentConfig> config = LoadConfig(options.config_file);
  if (!config.ok()) {
    LogError(absl::StrCat("the configuration was read again and nothing of it taken: ",
                          absl::StrReplaceAll(config.status().message(), {{"\n", "; "}})));
    return;
  }
  LogInfo("read the configuration again: what is not the log's level counts from the next start on");
  options.log.SetLevel(config->log_level);
}

}  // namespace

absl::Status RunDaemon(AgentConfig config, const DaemonOptions& options) {
  FAULTLINE_ASSIGN_OR_RETURN(config.controller, ControllerOf(config));
  const Security security = {.tls = config.tls, .insecure = options.insecure, .mend = kMend};
  FAULTLINE_RETURN_IF_ERROR(CheckSecurity(config.controller, security));
  if (options.insecure) LogWarning("--insecure: the controller is spoken to without TLS, and believed without proof");
  const sigset_t signals = BlockSignals();
  const SystemClock clock;
  FAULTLINE_ASSIGN_OR_RETURN(const UniqueFd lock, LockRuntimeFolder(config.runtime));
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<LinuxKernel> kernel, LinuxKernel::Open());
  FAULTLINE_RETURN_IF_ERROR(kernel->Reset());
  FAULTLINE_ASSIGN_OR_RETURN(const CapabilitySet capabilities, kernel->Probe());
  FAULTLINE_RETURN_IF_ERROR(ConfineOrWarn());
  const Platform platform = ReadPlatform();
  std::unique_ptr<MetricsServer> metrics;
  if (config.metrics) {
    FAULTLINE_ASSIGN_OR_RETURN(metrics, MetricsServer::Listen(*config.metrics));
  }
  Journal journal;
  RunLog run_log(journal);
  EngineTally tally(run_log);
  ClockMap clock_map;
  EngineThread engine(*kernel, clock, tally, config.limits, WatchdogPulse(options.notifier));
  FAULTLINE_ASSIGN_OR_RETURN(
      const std::unique_ptr<ForeignMonitor> foreign,
      ForeignMonitor::Start(kernel->ports(),
                            [&engine](const std::vector<ForeignChange>& changes) { engine.Tell(changes); }));
  kernel->OnLargeBatch([&foreign](bool begins) {
    if (begins) return foreign->Deafen();
    if (const absl::Status heard = foreign->Listen(); !heard.ok()) LogWarning(heard.message());
  });
  const auto mapping = [&clock_map](MonotonicTime time) { return clock_map.ToController(time); };
  KnownResolvers resolvers;
  resolvers.Now();
  Ec2Start ec2_start = Ec2Start::Look(config.ec2, "/sys", clock);
  FAULTLINE_ASSIGN_OR_RETURN(config.name, NameOf(config, ec2_start));
  options.log.SetNode(config.name.text());
  const auto ec2 = ec2_start.first.ok() ? std::optional(ec2_start.first->identity) : std::nullopt;
  SsmEndpoints ssm(SsmEndpoints::LookUpHere);
  ssm.Find(RegionOf(config.labels, ec2.value_or(Ec2Identity())));
  Prober prober(clock, mapping);
  TcpProber tcp_prober(clock, mapping, config.tcp_listeners);
  {
    Session session({.controller = config.controller,
                     .security = security,
                     .name = config.name,
                     .labels = config.labels,
                     .ec2 = ec2,
                     .interfaces = config.interfaces,
                     .protect = [&config, &resolvers, &ssm] { return ProtectedNow(config, resolvers, ssm); },
                     .platform = platform,
                     .lane_memory = config.lane_memory,
                     .examine =
                         [&config, &options, &capabilities, &clock_map] {
                           return ExamineFromWithin({.config = config,
                                                     .config_file = options.config_file,
                                                     .has = capabilities,
                                                     .round_trip = clock_map.RoundTrip()});
                         }},
                    capabilities, engine, journal, clock_map, prober, tcp_prober, clock);
    const std::unique_ptr<Renewal> renewal = KeepCertificate(config, security, clock, engine, session);
    const std::unique_ptr<Ec2Watch> ec2_watch = WatchEc2(config, std::move(ec2_start), ssm, session);
    FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<LinkMonitor> monitor,
                               LinkMonitor::Start([&](const std::vector<Interface>& now) {
                                 session.OnInterfaces(now);
                                 if (ec2_watch != nullptr) ec2_watch->OnInterfaces(MacsOf(now));
                               }));
    const LocalServer::Verbs verbs{
        .heal = [&engine] { return engine.EndAll(RunEnd::kLocalHeal, "faultline-agent heal"); },
        .status = [&] { return StatusOf(config, session, engine); },
        .log_level =
            [&log = options.log](std::optional<LogLevel> level) {
              if (level) log.SetLevel(*level);
              return log.level();
            }};
    FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<LocalServer> local, LocalServer::Start(config.runtime, verbs));
    const auto collect = [&] {
      return AgentMetrics({.version = FAULTLINE_VERSION,
                           .kernel_release = platform.kernel_release,
                           .node = config.name,
                           .registered = session.registered(),
                           .round_trip = clock_map.RoundTrip(),
                           .engine = engine.status(),
                           .counts = tally.counts(),
                           .probes = prober.status()});
    };
    if (metrics != nullptr) FAULTLINE_RETURN_IF_ERROR(metrics->Serve(collect));
    LogCapabilities(config.name, capabilities, platform);
    if (const absl::Status told = options.notifier.Ready(); !told.ok()) LogWarning(told.message());
    const int signal = AwaitEnd(signals, [&] { ReadAgain(options); });
    options.notifier.Stopping().IgnoreError();
    metrics.reset();  // It asks what goes now.
    const absl::StatusOr<std::size_t> ended = engine.EndAll(RunEnd::kShutdown, "");
    LogInfo(absl::StrCat("stopping on ", strsignal(signal), "; healed ", ended.value_or(0), " runs"));
    if (!ended.ok()) LogError(absl::StrCat("healing: ", ended.status().message()));
  }
  return kernel->Reset();
}

}  // namespace faultline
