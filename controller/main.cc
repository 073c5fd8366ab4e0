#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/arguments.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/identity/certificate.h"
#include "common/log/journal_socket.h"
#include "common/log/log.h"
#include "common/metrics/metrics_server.h"
#include "common/rpc/grpc_log.h"
#include "common/rpc/local_pass.h"
#include "common/rpc/lock_checks.h"
#include "common/service/daemon.h"
#include "common/service/failure.h"
#include "common/service/notify.h"
#include "common/status.h"
#include "controller/access/dialled_addresses.h"
#include "controller/access/identity_office.h"
#include "controller/access/pass_book.h"
#include "controller/audit/audit_log.h"
#include "controller/config.h"
#include "controller/event/event_log.h"
#include "controller/guard/host_worker.h"
#include "controller/metrics/controller_metrics.h"
#include "controller/policy/policy_book.h"
#include "controller/rpc/caller_gate.h"
#include "controller/rpc/control_service.h"
#include "controller/rpc/identity_service.h"
#include "controller/rpc/listen.h"
#include "controller/rpc/login_server.h"
#include "controller/rpc/scheduled_run.h"
#include "controller/rpc/session_service.h"
#include "controller/run/coordinator.h"
#include "controller/run/examinations.h"
#include "controller/run/fleet.h"
#include "controller/schedule/freeze_book.h"
#include "controller/schedule/scheduler.h"
#include "controller/store/event_store.h"
#include "controller/store/permit_store.h"
#include "controller/store/purger.h"
#include "controller/store/run_store.h"
#include "controller/store/schedule_store.h"

namespace faultline {
namespace {

// As the man page has them.
constexpr int kOk = 0;
constexpr int kFailed = 1;

// How long runs may take to heal before the controller stops all the same; leases finish the work.
constexpr Duration kFarewell = std::chrono::seconds(3);
// And calls, after that.
constexpr Duration kLastCalls = std::chrono::milliseconds(500);

constexpr char kProgram[] = "faultline-controller";

constexpr char kMend[] =
    "`faultline pki init` makes these files, and --insecure does without TLS where the network itself is trusted";

struct Arguments {
  std::string config_file = "/etc/faultline/controller.yaml";
  bool insecure = false;
};

// What a daemon shares with those who watch it.
struct Service {
  const ServiceNotifier& notifier;
  LogWriter& log;
};

absl::Status MakeFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return ErrnoError(error.value(), absl::StrCat("making the folder ", folder.string()));
  return absl::OkStatus();
}

std::uint64_t RandomToken() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

// What this controller's certificate is for; nothing without one.
std::vector<std::string> CertifiedHosts(const TlsFiles& tls) {
  const absl::StatusOr<Certificate> certificate = Certificate::Parse(ReadFile(tls.certificate).value_or(""));
  return certificate.ok() ? certificate->Hosts() : std::vector<std::string>();
}

std::string KernelRelease() {
  utsname system{};
  return uname(&system) == 0 ? system.release : "";
}

struct HostStopper {
  explicit HostStopper(HostWorker& worker) : host(worker) {}
  ~HostStopper() { host.Stop(); }
  HostStopper(const HostStopper&) = delete;
  HostStopper& operator=(const HostStopper&) = delete;
  HostWorker& host;
};

void AwaitEnds(Coordinator& coordinator, const Clock& clock, const std::vector<std::string>& runs) {
  const MonotonicTime until = clock.Now() + kFarewell;
  for (const std::string& id : runs) {
    std::uint64_t seen = 0;
    while (clock.Now() < until) {
      const absl::StatusOr<RunView> view = coordinator.Await(id, seen, until - clock.Now());
      if (!view.ok() || view->over) break;
      seen = view->version;
    }
  }
}

std::string InOneLine(const absl::Status& status) { return absl::StrReplaceAll(status.message(), {{"\n", "; "}}); }

absl::StatusOr<ControllerConfig> LoadConfig(const Arguments& arguments) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadFile(arguments.config_file));
  return ParseControllerConfig(text, arguments.config_file);
}

// What is wrong with one of the two changes nothing of it.
void ReadAgain(const Arguments& arguments, PolicyBook& policy, LogWriter& log) {
  if (const absl::Status read = policy.Read(); read.ok()) {
    LogInfo("read the policy again");
  } else {
    LogError(absl::StrCat("the policy stays as it was: ", InOneLine(read)));
  }
  const absl::StatusOr<ControllerConfig> config = LoadConfig(arguments);
  if (!config.ok()) {
    LogError(absl::StrCat("the configuration was read again and nothing of it taken: ", InOneLine(config.status())));
    return;
  }
  LogInfo("read the configuration again: what is not the log's level counts from the next start on");
  log.SetLevel(config->log_level);
}

// Its certificate may have ended while the controller was off.
absl::Status CheckOwnSecurity(const Clock& clock, const std::string& listen, const Security& security,
                              const OfficeOptions& office) {
  const absl::Status renewed = RenewOwnCertificate(clock, office);
  const absl::Status good = CheckSecurity(listen, security);
  if (good.ok() || renewed.ok()) return good;
  return absl::Status(good.code(), absl::StrCat(good.message(), "; it was not renewed: ", renewed.message()));
}

// When to look after the controller's own certificate again.
MonotonicTime KeepOwnCertificate(IdentityOffice& office) {
  const absl::Status status = office.Advance();
  if (!status.ok()) LogError(absl::StrCat("the controller's own certificate is not renewed: ", status.message()));
  return office.next();
}

absl::Status Serve(const ControllerConfig& config, const Arguments& arguments, const Service& service) {
  const bool insecure = arguments.insecure;
  const Security security = {.tls = config.tls, .insecure = insecure, .mend = kMend};
  const SystemClock clock;
  const OfficeOptions office_options = {.tls = config.tls,
                                        .authority_key = config.authority_key,
                                        .validity = config.certificate_validity,
                                        .insecure = insecure};
  FAULTLINE_RETURN_IF_ERROR(CheckOwnSecurity(clock, config.listen, security, office_options));
  if (insecure) {
    LogWarning(absl::StrCat("--insecure: whoever reaches ", config.listen,
                            " may do everything there, as admin and for every node"));
  }
  const sigset_t signals = BlockSignals();
  // Inherited as ignored, no program's end would be known.
  signal(SIGCHLD, SIG_DFL);
  FAULTLINE_RETURN_IF_ERROR(MakeFolder(config.state));
  FAULTLINE_RETURN_IF_ERROR(MakeFolder(std::filesystem::path(config.socket).parent_path()));
  // gRPC would take over another controller's socket in silence, and remove it in the end.
  absl::StatusOr<UniqueFd> lock = LockFile(config.socket + ".lock");
  if (!lock.ok()) return WithContext(lock.status(), "another controller may be using this socket");
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, Database::Open(config.state + "/runs.sqlite"));
  RunStore store(*database);
  ScheduleStore schedule_store(*database);
  PermitStore permits(*database);
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<AuditLog> audit, AuditLog::Open(clock, OpenAuditFile(config.state)));
  PolicyBook policy(config.policy);
  FAULTLINE_RETURN_IF_ERROR(policy.Read());
  FreezeBook freezes(schedule_store);
  FAULTLINE_RETURN_IF_ERROR(freezes.Load());
  EventStore event_store(*database);
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> events, EventLog::Open(clock, event_store));
  Fleet fleet({.token = RandomToken(), .port = config.probe_port, .rate = config.probe_rate}, *events);
  ProbeLog probes;
  const CoordinatorOptions options{.lease = config.lease,
                                   .allow_commands = config.allow_commands,
                                   .addresses = DialledAddresses(config.listen, CertifiedHosts(config.tls)),
                                   .tcp_probes = config.tcp_probes};
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<IdentityOffice> office,
                             IdentityOffice::Open(clock, *database, office_options));
  HostWorker host;
  Coordinator coordinator({.clock = clock,
                           .fleet = fleet,
                           .store = store,
                           .probes = probes,
                           .host = host,
                           .freezes = freezes,
                           .events = *events,
                           .policy = policy,
                           .permits = permits,
                           .audit = *audit,
                           .role_of = [&office](const std::string& user) { return office->identities().RoleOf(user); }},
                          options);
  Examinations examinations(fleet);
  // Goes before the coordinator, which its answers are for.
  const HostStopper stopper(host);
  FAULTLINE_RETURN_IF_ERROR(coordinator.Recover());
  Scheduler scheduler(clock, schedule_store, [&](const v1::Schedule& schedule, const Scheduler::Moment& moment) {
    absl::StatusOr<std::string> run = StartScheduled(coordinator, permits, schedule, moment);
    if (!run.ok()) LogWarning(absl::StrCat("schedule ", schedule.name(), ": ", run.status().message()));
    return run;
  });
  FAULTLINE_RETURN_IF_ERROR(scheduler.Load());
  Purger purger(clock, store, event_store, {.keep_for = config.keep_runs, .keep_count = config.keep_run_count});
  PassBook passes(clock);
  const CallerGate gate(clock, office->identities(), passes,
                        {.names = config.common_names ? CertificateNames::kCommonName : CertificateNames::kFaultline,
                         .insecure = insecure});
  const Admission admission(gate, *audit);
  SessionService sessions({.clock = clock,
                           .gate = gate,
                           .admission = admission,
                           .fleet = fleet,
                           .coordinator = coordinator,
                           .examinations = examinations,
                           .heartbeat_interval = options.Heartbeat()});
  IdentityService identity({.admission = admission,
                            .identities = office->identities(),
                            .enrolment = office->enrolment(),
                            .end_session = [&](const std::string& name, const absl::Status& reason) {
                              const NodeName node(name);
                              const bool connected = fleet.Connected(node);
                              sessions.CloseNode(node, reason);
                              return connected;
                            }});
  ControlService control({.fleet = fleet,
                          .coordinator = coordinator,
                          .examinations = examinations,
                          .store = store,
                          .events = *events,
                          .host = host,
                          .scheduler = scheduler,
                          .freezes = freezes,
                          .permits = permits,
                          .audit = *audit,
                          .admission = admission,
                          .allow_commands = config.allow_commands});
  std::unique_ptr<MetricsServer> metrics;
  if (config.metrics) {
    FAULTLINE_ASSIGN_OR_RETURN(metrics, MetricsServer::Listen(*config.metrics));
  }
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<LoginServer> login,
                             LoginServer::Start(LoginSocketOf(config.socket), passes));
  FAULTLINE_ASSIGN_OR_RETURN(Listening server,
                             Listen({.address = config.listen,
                                     .socket = config.socket,
                                     .security = security,
                                     .connections = ConnectionLimits::ForThisProcess(config.connections)},
                                    {&sessions, &control, &identity}));
  if (metrics != nullptr) {
    FAULTLINE_RETURN_IF_ERROR(metrics->Serve([&coordinator, &fleet, kernel = KernelRelease()] {
      return ControllerMetrics({.version = FAULTLINE_VERSION,
                                .kernel_release = kernel,
                                .nodes = fleet.Nodes(),
                                .runs = coordinator.status()});
    }));
  }
  std::atomic<bool> farewell = false;
  std::atomic<bool> stopping = false;
  std::thread advancing([&, pulse = WatchdogPulse(service.notifier)]() mutable {
    prctl(PR_SET_NAME, "runs");
    while (!stopping) {
      pulse.Advance(clock.Now());
      // What comes during the farewell is missed on the record of the next process.
      const MonotonicTime moment = farewell ? clock.Now() + kFarewell : scheduler.Advance();
      const MonotonicTime scheduled = std::min({moment, purger.Advance(), KeepOwnCertificate(*office), pulse.next()});
      const MonotonicTime next = std::min(coordinator.Advance(), scheduled);
      // What cannot be stored now is stored with the next.
      events->Flush().IgnoreError();
      coordinator.WaitForWork(next);
    }
  });
  LogInfo(absl::StrCat("listening on ", config.listen, " for agents and on ", config.socket, " for commands"));
  if (const absl::Status told = service.notifier.Ready(); !told.ok()) LogWarning(told.message());
  const int signal = AwaitEnd(signals, [&] { ReadAgain(arguments, policy, service.log); });
  service.notifier.Stopping().IgnoreError();
  LogInfo(absl::StrCat("stopping on ", strsignal(signal)));
  farewell = true;
  AwaitEnds(coordinator, clock, coordinator.StopRuns());
  stopping = true;
  coordinator.Shutdown();
  events->Shutdown();
  advancing.join();
  server.Stop(kLastCalls);
  return events->Flush();
}

int Fail(const absl::Status& status, const ServiceNotifier& notifier) {
  ReportFailure(kProgram, status.message(), notifier, !JournalOfStandardError().empty());
  return absl::IsInvalidArgument(status) ? kWrongUsage : kFailed;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("faultline-controller: keeps the agents' sessions and runs plans on them, until SIGTERM.");
  app.set_version_flag("--version", FAULTLINE_VERSION);
  app.add_option("--config", arguments.config_file, "Configuration file")->capture_default_str()->type_name("FILE");
  app.add_flag("--insecure", arguments.insecure, "Listen without TLS, on a network that is itself trusted");
  app.footer(
      "SIGHUP has it read its policy and the log's level again.\nExit codes: 0 stopped, 1 failed, 2 wrong usage or "
      "configuration.");
  if (const std::optional<int> code = ParseArguments(app, argc, argv)) return *code;
  LeaveOutLockChecks();
  SendGrpcLogTo([](absl::string_view message) { LogWarning(absl::StrCat("gRPC: ", message)); });
  const absl::StatusOr<ServiceNotifier> notifier = ServiceNotifier::FromEnvironment();
  if (!notifier.ok()) return Fail(notifier.status(), ServiceNotifier());
  const absl::StatusOr<ControllerConfig> config = LoadConfig(arguments);
  if (!config.ok()) return Fail(config.status(), *notifier);
  absl::Status served;
  {
    LogWriter log({.origin = {.identifier = kProgram, .node = ""},
                   .level = config->log_level,
                   .journal = JournalOfStandardError()});
    served = Serve(*config, arguments, {.notifier = *notifier, .log = log});
  }
  return served.ok() ? kOk : Fail(served, *notifier);
}

}  // namespace
}  // namespace faultline

int main(int argc, char** argv) { return faultline::Main(argc, argv); }
