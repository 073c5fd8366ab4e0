#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/file.h"
#include "common/rpc/credentials.h"
#include "common/rpc/lock_checks.h"
#include "common/status.h"
#include "tests/bench/controller_process.h"
#include "tests/bench/daemon_process.h"
#include "tests/bench/measures.h"
#include "tests/bench/node_pki.h"
#include "tests/fleet/quiet_fleet.h"
#include "tests/measure/figures.h"
#include "tests/support/netns.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Goal;
using measure::Growth;
using measure::Interrupts;
using measure::Seconds;
using measure::Table;
using testing::Milestone;
using testing::QuietFleet;

constexpr Duration kSessionPatience = std::chrono::minutes(5);
// On their way at a time.
constexpr int kAtOnce = 64;
// For what the joining has left to do (the probe mesh is drawn anew at most every 10 s), and then for the figures of a
// fleet that is only there.
constexpr Duration kSessionSettle = std::chrono::seconds(15);
constexpr Duration kSessionIdleTime = std::chrono::seconds(10);

constexpr char kConfig[] =
    "connections: {open: 40000, open_of_one: 40000, per_second: 100000, per_second_of_one: 100000}\n";

constexpr char kSessionPlan[] = R"yaml(name: sessions
groups:
  london: {cidrs: [172.32.0.0/16, "fd20::/64"]}
  paris:  {cidrs: [172.33.0.0/16, "fd21::/64"]}
steps:
  - {name: split, at: 0s, for: 5m, partition: [london, paris]}
)yaml";

enum class Transport { kUnix, kTls };

std::string Name(Transport transport) {
  return transport == Transport::kUnix ? "Unix socket, plaintext" : "mutual TLS";
}

// A folder that goes with the object.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "faultline-sessions-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Setting {
  Transport transport;
  int sessions;
  // Of MakeNodePki.
  std::string pki;
  Interrupts& interrupts;
};

// What one server took; per session, what was taken before the first not counted.
struct Cost {
  double wall_us = 0;
  double cpu_us = 0;
  double bytes = 0;
};

// How long a run on all takes to begin and to end.
struct Orders {
  double fire_ms = 0;
  double heal_ms = 0;
};

// What one server came to.
struct Served {
  Cost cost;
  Orders orders;
  // Measured of the controller alone.
  double idle_percent = 0;
};

QuietFleet::Dial DialerOf(const Setting& setting, const std::string& target) {
  return [transport = setting.transport, pki = setting.pki, target](int number) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    Security security{.tls = {}, .insecure = transport == Transport::kUnix, .mend = ""};
    if (transport == Transport::kTls) security.tls = NodeFiles(pki, number);
    return OpenChannel(target, security, arguments);
  };
}

// Has all of them join; `usage` tells of the server.
template <typename Usage>
absl::StatusOr<Cost> JoinAll(const Setting& setting, QuietFleet& fleet, const Clock& clock, const Usage& usage) {
  const int sessions = setting.sessions;
  FAULTLINE_ASSIGN_OR_RETURN(const ProcessUsage before, usage());
  const MonotonicTime began = clock.Now();
  FAULTLINE_RETURN_IF_ERROR(fleet.Join(sessions, kAtOnce, kSessionPatience));
  const Duration took = fleet.milestones().last(Milestone::kWelcomed) - began;
  FAULTLINE_ASSIGN_OR_RETURN(const ProcessUsage joined, usage());
  FAULTLINE_RETURN_IF_ERROR(setting.interrupts.WaitFor(kSessionSettle));
  FAULTLINE_ASSIGN_OR_RETURN(const ProcessUsage settled, usage());
  return Cost{.wall_us = Seconds(took) / sessions * 1e6,
              .cpu_us = Seconds(joined.processor - before.processor) / sessions * 1e6,
              .bytes = static_cast<double>(settled.resident_bytes - before.resident_bytes) / sessions};
}

// Waits until all agents have passed it; not when one has lost its session.
absl::Status AwaitAll(Milestone milestone, const Setting& setting, QuietFleet& fleet) {
  const SystemClock clock;
  const MonotonicTime deadline = clock.Now() + kSessionPatience;
  const auto count = static_cast<std::size_t>(setting.sessions);
  while (!fleet.milestones().Await(milestone, count, std::chrono::milliseconds(200))) {
    FAULTLINE_RETURN_IF_ERROR(fleet.status());
    if (setting.interrupts.Caught()) return absl::CancelledError("interrupted");
    if (clock.Now() > deadline) return absl::DeadlineExceededError("not every agent was told in time");
  }
  return absl::OkStatus();
}

// Has all of them begin a run by what begin() asks for, and end it by what end() does.
template <typename Begin, typename End>
absl::StatusOr<Orders> MeasureOrders(const Setting& setting, QuietFleet& fleet, const Begin& begin, const End& end) {
  const SystemClock clock;
  Orders orders;
  const MonotonicTime asked = clock.Now();
  FAULTLINE_RETURN_IF_ERROR(begin());
  FAULTLINE_RETURN_IF_ERROR(AwaitAll(Milestone::kFired, setting, fleet));
  orders.fire_ms = Seconds(fleet.milestones().last(Milestone::kFired) - asked) * 1e3;
  const MonotonicTime aborted = clock.Now();
  FAULTLINE_RETURN_IF_ERROR(end());
  FAULTLINE_RETURN_IF_ERROR(AwaitAll(Milestone::kReleased, setting, fleet));
  orders.heal_ms = Seconds(fleet.milestones().last(Milestone::kReleased) - aborted) * 1e3;
  FAULTLINE_RETURN_IF_ERROR(fleet.status());
  return orders;
}

absl::StatusOr<Served> MeasureBare(const Setting& setting) {
  const SystemClock clock;
  const Folder folder;
  const bool tls = setting.transport == Transport::kTls;
  const std::string target = tls ? ControllerProcess::kListen : absl::StrCat("unix:", folder.path(), "/bare");
  std::vector<std::string> command = {ProgramPath("faultline-bench-bare"), target};
  const TlsFiles files = ControllerFiles(setting.pki);
  if (tls) command.insert(command.end(), {files.ca, files.certificate, files.key});
  const std::string log = absl::StrCat(folder.path(), "/log");
  FAULTLINE_ASSIGN_OR_RETURN(const auto process, DaemonProcess::Start(command, log));
  const MonotonicTime deadline = clock.Now() + kSessionPatience;
  while (ReadFile(log).value_or("") != "listens\n") {
    if (clock.Now() > deadline) return absl::DeadlineExceededError("the bare server does not listen");
    FAULTLINE_RETURN_IF_ERROR(setting.interrupts.WaitFor(std::chrono::milliseconds(20)));
  }
  QuietFleet fleet(DialerOf(setting, target), clock);
  Served served;
  FAULTLINE_ASSIGN_OR_RETURN(served.cost, JoinAll(setting, fleet, clock, [&] { return process->Usage(); }));
  FAULTLINE_ASSIGN_OR_RETURN(served.orders, MeasureOrders(
                                                setting, fleet, [&] { return process->Signal(SIGUSR1); },
                                                [&] { return process->Signal(SIGUSR2); }));
  return served;
}

// Of one core, while nothing is asked of it.
absl::StatusOr<double> MeasureIdle(const Setting& setting, const ControllerProcess& controller) {
  const SystemClock clock;
  FAULTLINE_ASSIGN_OR_RETURN(const ProcessUsage before, controller.Usage());
  const MonotonicTime from = clock.Now();
  FAULTLINE_RETURN_IF_ERROR(setting.interrupts.WaitFor(kSessionIdleTime));
  FAULTLINE_ASSIGN_OR_RETURN(const ProcessUsage after, controller.Usage());
  return Seconds(after.processor - before.processor) / Seconds(clock.Now() - from) * 100;
}

absl::StatusOr<Served> MeasureController(const Setting& setting) {
  const SystemClock clock;
  const bool tls = setting.transport == Transport::kTls;
  std::string config = kConfig;
  if (tls) {
    const TlsFiles files = ControllerFiles(setting.pki);
    absl::StrAppend(&config, "tls: {ca: ", files.ca, ", certificate: ", files.certificate, ", key: ", files.key, "}\n");
  }
  FAULTLINE_ASSIGN_OR_RETURN(const auto controller,
                             ControllerProcess::Start(setting.interrupts, {.config = config, .insecure = !tls}));
  QuietFleet fleet(DialerOf(setting, tls ? ControllerProcess::kListen : controller->socket()), clock);
  Served served;
  FAULTLINE_ASSIGN_OR_RETURN(served.cost, JoinAll(setting, fleet, clock, [&] { return controller->Usage(); }));
  FAULTLINE_ASSIGN_OR_RETURN(served.idle_percent, MeasureIdle(setting, *controller));
  FAULTLINE_RETURN_IF_ERROR(fleet.status());
  std::string run;
  const auto begin = [&]() -> absl::Status {
    FAULTLINE_ASSIGN_OR_RETURN(run, controller->Begin(kSessionPlan));
    return absl::OkStatus();
  };
  FAULTLINE_ASSIGN_OR_RETURN(served.orders, MeasureOrders(setting, fleet, begin, [&] {
                               return controller->Faultline({"abort", run}).status();
                             }));
  return served;
}

// What one size over one transport came to.
struct Result {
  Served bare;
  Served ours;
};

// By how many sessions.
using Results = std::map<int, Result>;

void AddGrowth(const std::string& over, const Results& results, Table& table) {
  const auto add = [&](const char* figure, const auto& value) {
    Growth growth{.figure = absl::StrCat(figure, " by sessions, ", over), .points = {}};
    for (const auto& [sessions, result] : results) {
      growth.points.push_back({static_cast<double>(sessions), std::max(value(sessions, result), 1e-6)});
    }
    table.growth.push_back(std::move(growth));
  };
  add("CPU of the controller to take all up, ms", [](int n, const Result& r) { return r.ours.cost.cpu_us * n / 1e3; });
  add("its memory for them, MB", [](int n, const Result& r) { return r.ours.cost.bytes * n / 1e6; });
  add("its idle CPU, %", [](int, const Result& r) { return r.ours.idle_percent; });
  add("arm + fire, ms", [](int, const Result& r) { return r.ours.orders.fire_ms; });
  add("heal, ms", [](int, const Result& r) { return r.ours.orders.heal_ms; });
}

// `result`: null when it could not be measured; a goal is not met then.
void AddSessionGoals(const std::string& over, int sessions, const Result* result, Table& table) {
  const auto add = [&](const std::string& figure, double bound, const char* unit, const auto& observed) {
    table.goals.push_back({absl::StrCat(sessions, " sessions over ", over, ", ", figure), Goal::Sense::kAtMost, bound,
                           result != nullptr ? observed(*result) : std::nan(""), unit});
  };
  add("time to join, beside bare streams", 1.2, "times",
      [](const Result& r) { return r.ours.cost.wall_us / r.bare.cost.wall_us; });
  add("memory, beside bare streams", 1.2, "times",
      [](const Result& r) { return r.ours.cost.bytes / r.bare.cost.bytes; });
  add("arm + fire on all", 2000, "ms", [](const Result& r) { return r.ours.orders.fire_ms; });
  add("heal on all", 1000, "ms", [](const Result& r) { return r.ours.orders.heal_ms; });
  add("idle CPU", 10, "% of a core", [](const Result& r) { return r.ours.idle_percent; });
}

// A controller takes no more connections than three quarters of the files that it may open.
absl::Status AllowDescriptors(int sessions) {
  const rlim_t wanted = static_cast<rlim_t>(sessions) * 4 / 3 + 1024;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return ErrnoError(errno, "getrlimit");
  const rlim_t allowed = limit.rlim_max;
  limit.rlim_max = std::max(limit.rlim_max, wanted);
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("this process may open ", allowed, " files, too few for ", sessions,
                                                    " sessions: raise it to ", wanted, " (ulimit -Hn)"));
}

std::vector<Cell> SessionRow(const std::string& over, int sessions, const Result& result) {
  const auto& [bare, bare_orders, bare_idle] = result.bare;
  const auto& [ours, orders, idle_percent] = result.ours;
  return {over,
          std::int64_t{sessions},
          ours.wall_us,
          bare.wall_us,
          ours.wall_us / bare.wall_us,
          ours.cpu_us,
          bare.cpu_us,
          ours.cpu_us / bare.cpu_us,
          ours.bytes / 1e3,
          bare.bytes / 1e3,
          ours.bytes / bare.bytes,
          idle_percent,
          orders.fire_ms,
          bare_orders.fire_ms,
          orders.heal_ms,
          bare_orders.heal_ms};
}

absl::StatusOr<Result> MeasureSize(const Setting& setting) {
  Result result;
  FAULTLINE_ASSIGN_OR_RETURN(result.bare, MeasureBare(setting));
  FAULTLINE_ASSIGN_OR_RETURN(result.ours, MeasureController(setting));
  return result;
}

// A large fleet takes minutes, and whoever ends it then still has the figures of the smaller ones.
void Tell(const std::string& over, int sessions, const Result& result) {
  const Cost& bare = result.bare.cost;
  const auto& [ours, orders, idle_percent] = result.ours;
  std::cerr << over << ", " << sessions << ": "
            << absl::StrFormat(
                   "%.0f us %.0f CPU us %.1f KB, bare %.0f %.0f %.1f; idle %.1f %%; fire %.0f ms, heal %.0f ms, bare "
                   "%.0f %.0f\n",
                   ours.wall_us, ours.cpu_us, ours.bytes / 1e3, bare.wall_us, bare.cpu_us, bare.bytes / 1e3,
                   idle_percent, orders.fire_ms, orders.heal_ms, result.bare.orders.fire_ms,
                   result.bare.orders.heal_ms);
}

// All sizes; of one that is too large for this machine it is said why, for what fewer take is worth to be known.
absl::Status MeasureTransport(Transport transport, const std::vector<int>& sizes, const std::string& pki,
                              Interrupts& interrupts, Table& table) {
  Results results;
  for (const int sessions : sizes) {
    const auto result =
        MeasureSize({.transport = transport, .sessions = sessions, .pki = pki, .interrupts = interrupts});
    if (absl::IsCancelled(result.status())) return result.status();
    if (result.ok()) {
      results[sessions] = *result;
      table.rows.push_back(SessionRow(Name(transport), sessions, *result));
      Tell(Name(transport), sessions, *result);
    } else {
      table.notes.push_back(absl::StrCat(Name(transport), ", ", sessions, " sessions: ", result.status().message()));
      std::cerr << table.notes.back() << "\n";
    }
    if (sessions == sizes.back()) AddSessionGoals(Name(transport), sessions, result.ok() ? &*result : nullptr, table);
  }
  AddGrowth(Name(transport), results, table);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasureSessions(bool quick) {
  Interrupts interrupts;
  Table table{
      .name = "sessions",
      .compares = "what sessions cost the controller, beside bare gRPC streams with the same credentials",
      .columns = {"over", "sessions", "us/session", "bare", "ratio", "CPU us/session", "bare CPU", "CPU ratio",
                  "KB/session", "bare KB", "memory ratio", "idle CPU %", "arm + fire ms", "bare arm + fire ms",
                  "heal ms", "bare heal ms"},
      .rows = {},
      .notes = {
          "each once; real controller and bare server processes; agents of this process, each with a connection and a "
          "certificate of its own, an agent's messages and cadence, and no kernel; they probe nobody",
          absl::StrFormat("joining %d at a time; us: wall clock, both ends on this machine; CPU: the server's alone, "
                          "until all have joined; KB: resident, above what the server had before, %d s later",
                          kAtOnce, kSessionSettle / std::chrono::seconds(1)),
          "arm + fire: from the command line's start until the last agent knows T0; heal: from its start until "
          "the last agent was told; bare: messages of these kinds, from the signal to a server that knows no plan, "
          "whose timeline has two prefixes"}};
  table.bounded_by =
      "The processors, which the agents of this process share with the server: gRPC's own work for each connection and "
      "message is most of both.";
  LeaveOutLockChecks();
  const Folder pki;
  const testing::Netns netns;
  const testing::InNetns inside(netns);
  std::vector<int> sizes = {10, 100, 1000, 10'000};
  if (quick) sizes.pop_back();
  FAULTLINE_RETURN_IF_ERROR(AllowDescriptors(sizes.back()));
  FAULTLINE_RETURN_IF_ERROR(MakeNodePki(pki.path(), sizes.back()));
  for (const Transport transport : {Transport::kUnix, Transport::kTls}) {
    FAULTLINE_RETURN_IF_ERROR(MeasureTransport(transport, sizes, pki.path(), interrupts, table));
  }
  return table;
}

}  // namespace faultline::bench
