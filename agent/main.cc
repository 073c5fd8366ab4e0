#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "agent/config.h"
#include "agent/confine/confine.h"
#include "agent/doctor/doctor_verb.h"
#include "agent/doctor/kernel_facts.h"
#include "agent/ec2/ec2_start.h"
#include "agent/ec2/ec2_watch.h"
#include "agent/ec2/hardware_address.h"
#include "agent/enroll_node.h"
#include "agent/enrolled_controller.h"
#include "agent/kernel/foreign_monitor.h"
#include "agent/kernel/link_monitor.h"
#include "agent/kernel/linux_kernel.h"
#include "agent/local_client.h"
#include "agent/local_server.h"
#include "agent/local_verbs.h"
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
#include "common/arguments.h"
#include "common/capability.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log/journal_socket.h"
#include "common/log/log.h"
#include "common/memory.h"
#include "common/metrics/metrics_server.h"
#include "common/rpc/credentials.h"
#include "common/rpc/grpc_log.h"
#include "common/service/daemon.h"
#include "common/service/failure.h"
#include "common/service/notify.h"
#include "common/status.h"

namespace faultline {
namespace {

// As the man page has them.
constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kFaultsThere = 3;

constexpr char kProgram[] = "faultline-agent";

constexpr char kMend[] =
    "`faultline-agent enroll` makes these files, and --insecure does without TLS where the network itself is trusted";

struct Arguments {
  std::string config_file = "/etc/faultline/agent.yaml";
  bool insecure = false;
  bool heal = false;
  bool no_kill = false;
  bool status = false;
  bool json = false;
  bool enroll = false;
  bool realtime = false;
  bool log_level = false;
  // Of `log-level`; empty: which it is.
  std::string level;
  bool doctor = false;
  DoctorShow show;
  // Of `enroll`: its options; what they leave open, the configuration says.
  EnrollOptions enrolment;
};

// What a daemon shares with those who watch it.
struct Service {
  const ServiceNotifier& notifier;
  LogWriter& log;
};

int Fail(const absl::Status& status, const ServiceNotifier& notifier = ServiceNotifier()) {
  const std::string why =
      absl::StrCat(status.message(), absl::IsPermissionDenied(status) ? "; root or CAP_NET_ADMIN is needed" : "");
  ReportFailure(kProgram, why, notifier, !JournalOfStandardError().empty());
  return absl::IsInvalidArgument(status) ? kWrongUsage : kFailed;
}

bool IsNamedByEc2(const AgentConfig& config) {
  return config.name.empty() && config.ec2.name != Ec2Config::NameFrom::kHost;
}

// Its name is the host's, or what EC2 says, when the configuration gives it none.
absl::StatusOr<NodeName> NameOf(const AgentConfig& config, const Ec2Start& ec2) {
  if (!config.name.empty()) return config.name;
  if (IsNamedByEc2(config)) return ec2.Name(config.ec2);
  char host[256] = {};
  gethostname(host, sizeof(host) - 1);
  FAULTLINE_RETURN_IF_ERROR(WithContext(CheckName(host, "host name"), "the configuration has no 'name', and"));
  return NodeName(host);
}

// What this node is called, for whoever runs no daemon: EC2 is asked only where it has the name.
absl::StatusOr<NodeName> AskForName(const AgentConfig& config) {
  const SystemClock clock;
  Ec2Start ec2{.reader = nullptr, .first = absl::NotFoundError("")};
  if (IsNamedByEc2(config)) ec2 = Ec2Start::Look(config.ec2, "/sys", clock);
  return NameOf(config, ec2);
}

// Its controller is the one that the node was enrolled at when it has none; that may be nobody.
AgentConfig WithController(AgentConfig config) {
  if (config.controller.empty()) config.controller = EnrolledController(config.tls).value_or("");
  return config;
}

// INVALID_ARGUMENT when there is none: that waits for somebody to enrol the node.
absl::StatusOr<std::string> ControllerOf(const AgentConfig& config) {
  if (!config.controller.empty()) return config.controller;
  absl::StatusOr<std::string> enrolled = EnrolledController(config.tls);
  const absl::Status& none = enrolled.status();
  if (absl::IsNotFound(none) || absl::IsFailedPrecondition(none)) return absl::InvalidArgumentError(none.message());
  return enrolled;
}

absl::StatusOr<AgentConfig> LoadConfig(const Arguments& arguments) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadFile(arguments.config_file));
  FAULTLINE_ASSIGN_OR_RETURN(AgentConfig config, ParseAgentConfig(text, arguments.config_file));
  return WithController(std::move(config));
}

// Blocked before any thread is made, so that only AwaitEnd gets them.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
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

// Of a node that this process is no agent of.
DoctorOptions DoctorOptionsOf(const Arguments& arguments, const absl::StatusOr<AgentConfig>& config) {
  DoctorOptions options{.config = config,
                        .config_file = arguments.config_file,
                        .name = absl::FailedPreconditionError("there is no configuration"),
                        .ec2 = {},
                        .insecure = arguments.insecure};
  if (!config.ok()) return options;
  const SystemClock clock;
  const Ec2Start ec2 = Ec2Start::Look(config->ec2, "/sys", clock);
  options.name = NameOf(*config, ec2);
  if (ec2.first.ok()) options.ec2 = ec2.first->identity;
  return options;
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
void ReadAgain(const Arguments& arguments, LogWriter& log) {
  const absl::StatusOr<AgentConfig> config = LoadConfig(arguments);
  if (!config.ok()) {
    LogError(absl::StrCat("the configuration was read again and nothing of it taken: ",
                          absl::StrReplaceAll(config.status().message(), {{"\n", "; "}})));
    return;
  }
  LogInfo("read the configuration again: what is not the log's level counts from the next start on");
  log.SetLevel(config->log_level);
}

absl::Status Serve(AgentConfig config, const Arguments& arguments, const Service& service) {
  const bool insecure = arguments.insecure;
  FAULTLINE_ASSIGN_OR_RETURN(config.controller, ControllerOf(config));
  const Security security = {.tls = config.tls, .insecure = insecure, .mend = kMend};
  FAULTLINE_RETURN_IF_ERROR(CheckSecurity(config.controller, security));
  if (insecure) LogWarning("--insecure: the controller is spoken to without TLS, and believed without proof");
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
  EngineThread engine(*kernel, clock, tally, config.limits, WatchdogPulse(service.notifier));
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
  service.log.SetNode(config.name.text());
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
                         [&config, &arguments, &capabilities, &clock_map] {
                           return ExamineFromWithin({.config = config,
                                                     .config_file = arguments.config_file,
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
            [&log = service.log](std::optional<LogLevel> level) {
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
    if (const absl::Status told = service.notifier.Ready(); !told.ok()) LogWarning(told.message());
    const int signal = AwaitEnd(signals, [&] { ReadAgain(arguments, service.log); });
    service.notifier.Stopping().IgnoreError();
    metrics.reset();  // It asks what goes now.
    const absl::StatusOr<std::size_t> ended = engine.EndAll(RunEnd::kShutdown, "");
    LogInfo(absl::StrCat("stopping on ", strsignal(signal), "; healed ", ended.value_or(0), " runs"));
    if (!ended.ok()) LogError(absl::StrCat("healing: ", ended.status().message()));
  }
  return kernel->Reset();
}

int RunDaemon(const Arguments& arguments) {
  ShareFreedMemory();
  const absl::StatusOr<ServiceNotifier> notifier = ServiceNotifier::FromEnvironment();
  if (!notifier.ok()) return Fail(notifier.status());
  absl::StatusOr<AgentConfig> config = LoadConfig(arguments);
  if (!config.ok()) return Fail(config.status(), *notifier);
  // Only EC2 is asked later, when nothing of an earlier agent is left.
  if (!IsNamedByEc2(*config)) {
    const absl::StatusOr<NodeName> name = NameOf(*config, {.reader = nullptr, .first = absl::NotFoundError("")});
    if (!name.ok()) return Fail(name.status(), *notifier);
    config->name = *name;
  }
  absl::Status served;
  {
    LogWriter log({.origin = {.identifier = kProgram, .node = config->name.text()},
                   .level = config->log_level,
                   .journal = JournalOfStandardError()});
    served = Serve(*config, arguments, {.notifier = *notifier, .log = log});
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

void AddRealTime(CLI::App& app, Arguments& arguments) {
  CLI::App* const verb = app.add_subcommand(
      "realtime",
      "Have the running agent's faults begin and end on time on a busy machine too, by real-time priority of the one "
      "thread that carries them out; the service does it at its start");
  verb->fallthrough()->callback([&arguments] { arguments.realtime = true; });
}

void AddLogLevel(CLI::App& app, Arguments& arguments) {
  CLI::App* const verb = app.add_subcommand(
      "log-level", "The level of the running agent's log, or another one until it is told otherwise or ends");
  verb->fallthrough()->callback([&arguments] { arguments.log_level = true; });
  verb->add_option("LEVEL", arguments.level, "debug, info, warning or error");
}

void AddDoctor(CLI::App& app, Arguments& arguments) {
  CLI::App* const doctor = app.add_subcommand(
      "doctor", "Whether this node can do what plans will ask, and what would mend it; changes nothing");
  doctor->fallthrough()->callback([&arguments] { arguments.doctor = true; });
  doctor->add_flag("--json", arguments.show.json, "Print JSON");
  doctor->add_flag("--strict", arguments.show.strict, "Exit with 4 for a warning too");
  doctor->footer("Signs: ✓ as it should be; ! some plans cannot run, or not exactly; ✗ this node cannot take part.");
}

void AddEnroll(CLI::App& app, Arguments& arguments) {
  CLI::App* const enroll = app.add_subcommand(
      "enroll", "Make this node's key, and trade a token for a certificate: the key never leaves it");
  enroll->fallthrough()->callback([&arguments] { arguments.enroll = true; });
  enroll->add_option("--controller", arguments.enrolment.controller,
                     "HOST:PORT, and remembered; otherwise the configuration's");
  enroll->add_option("--token", arguments.enrolment.token, "From `faultline token create`; -: on standard input")
      ->envname("FAULTLINE_TOKEN")
      ->required();
  enroll->add_option("--name", arguments.enrolment.name, "The node's; otherwise the configuration's, or the host's");
  enroll->footer("Example: faultline-agent enroll --controller c.example:7400 --token fl1....");
}

// A configuration is of use here, but not needed.
int EnrollNow(const Arguments& arguments) {
  EnrollOptions options = arguments.enrolment;
  absl::StatusOr<AgentConfig> config = LoadConfig(arguments);
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
  Arguments arguments;
  CLI::App app(
      "faultline-agent: carries out network faults on this node, and always heals them.\n"
      "Without a command it runs as a daemon until SIGTERM.");
  app.set_version_flag("--version", FAULTLINE_VERSION);
  app.add_option("--config", arguments.config_file, "Configuration file")->capture_default_str()->type_name("FILE");
  app.add_flag("--insecure", arguments.insecure,
               "Speak to the controller without TLS, on a network that is itself trusted");
  app.fallthrough();
  CLI::App* heal = app.add_subcommand("heal",
                                      "End every fault on this node now, through the running agent or without one; one "
                                      "that hangs and so keeps its faults from being removed is killed");
  heal->fallthrough()->callback([&arguments] { arguments.heal = true; });
  heal->add_flag("--no-kill", arguments.no_kill,
                 "Rather leave the faults of an agent that hangs until their lease ends");
  CLI::App* status =
      app.add_subcommand("status", "What of faultline is in this node's kernel, and when the kernel itself ends it");
  status->fallthrough()->callback([&arguments] { arguments.status = true; });
  status->add_flag("--json", arguments.json, "Print JSON");
  AddDoctor(app, arguments);
  AddLogLevel(app, arguments);
  AddRealTime(app, arguments);
  AddEnroll(app, arguments);
  app.footer(
      "SIGHUP has the daemon read the log's level in its configuration again.\n"
      "Exit codes: 0 stopped, healed or enrolled, or status: nothing of faultline is in this kernel; 1 failed; 2 wrong "
      "usage or "
      "configuration; 3 status: something is; 4 doctor: something is bad.");
  if (const std::optional<int> code = ParseArguments(app, argc, argv)) return *code;
  // Why a connection fails, the session says.
  SendGrpcLogTo([](absl::string_view message) { LogDebug(absl::StrCat("gRPC: ", message)); });
  if (arguments.enroll) return EnrollNow(arguments);
  const absl::StatusOr<AgentConfig> config = LoadConfig(arguments);
  const std::string runtime = config.ok() ? config->runtime : AgentConfig().runtime;
  if (arguments.doctor) {
    return RunDoctor(DoctorOptionsOf(arguments, config), arguments.show);
  }
  if (arguments.heal) return Say(HealNode({.runtime = runtime, .may_kill = !arguments.no_kill}));
  if (arguments.status) return ShowStatus(runtime, arguments.json);
  if (arguments.realtime) return Say(MakeAgentRealTime(runtime));
  if (arguments.log_level) return ShowOrSetLogLevel(runtime, arguments.level);
  return RunDaemon(arguments);
}

}  // namespace
}  // namespace faultline

int main(int argc, char** argv) { return faultline::Main(argc, argv); }
