#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/kernel/linux_kernel.h"
#include "common/status.h"
#include "tests/bench/cidr_program.h"
#include "tests/bench/measures.h"
#include "tests/measure/process.h"
#include "tests/measure/runs.h"
#include "tests/support/udp.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Goal;
using measure::Growth;
using measure::RunProcess;
using measure::Runs;
using measure::Table;
using measure::ToStatus;

constexpr char kHealFrom[] = "172.33.11.90";
constexpr char kHealTo[] = "172.32.4.2";
constexpr std::uint16_t kHealPort = 9002;
constexpr Duration kHealInterval = std::chrono::microseconds(50);
// So long nothing must have come before a fault is taken for acting.
constexpr Duration kSilence = std::chrono::milliseconds(3);
constexpr Duration kHealPatience = std::chrono::seconds(10);
// Between an agent's last change to its rules and its end; of most moments, for it renews gates every two seconds or
// so.
constexpr Duration kRest = std::chrono::milliseconds(100);
constexpr int kHealRuns = 5;

// Datagrams from a peer to a node, one every 50 us at most, each with the moment when it was sent.
class StampedFlow {
 public:
  StampedFlow(const testing::Netns& peer, const testing::Netns& node)
      : sender_(peer, kHealFrom, 0), receiver_(node, kHealTo, kHealPort) {
    receive_thread_ = std::thread([this] { Receive(); });
    send_thread_ = std::thread([this] { Send(); });
  }
  ~StampedFlow() {
    going_ = false;
    send_thread_.join();
    receive_thread_.join();
  }

  // DEADLINE_EXCEEDED when it never falls silent.
  absl::Status AwaitSilence() const {
    const MonotonicTime deadline = clock_.Now() + kHealPatience;
    while (clock_.Now().time_since_epoch().count() - last_ < kSilence.count()) {
      if (clock_.Now() > deadline) return absl::DeadlineExceededError("the fault does not act");
      std::this_thread::sleep_for(kSilence / 4);
    }
    return absl::OkStatus();
  }
  // From `moment` to the arrival of the first datagram that was sent after it.
  absl::StatusOr<Duration> AwaitFirstSince(MonotonicTime moment) const {
    while (first_ == 0) {
      if (clock_.Now() > moment + kHealPatience) return absl::DeadlineExceededError("nothing flows after the heal");
      std::this_thread::sleep_for(kHealInterval);
    }
    return Duration(first_) - moment.time_since_epoch();
  }
  // What AwaitFirstSince is about from now on.
  MonotonicTime Mark() {
    first_ = 0;
    const MonotonicTime now = clock_.Now();
    since_ = now.time_since_epoch().count();
    return now;
  }

 private:
  void Send() {
    prctl(PR_SET_TIMERSLACK, 1);
    MonotonicTime next = clock_.Now();
    while (going_) {
      sender_.SendTo(kHealTo, kHealPort, absl::StrCat(clock_.Now().time_since_epoch().count()));
      next = std::max(next + kHealInterval, clock_.Now());
      std::this_thread::sleep_until(ToSteady(next));
    }
  }
  void Receive() {
    while (going_) {
      const std::string text = receiver_.Receive(std::chrono::milliseconds(20));
      const std::int64_t now = clock_.Now().time_since_epoch().count();
      std::int64_t sent = 0;
      if (!absl::SimpleAtoi(text, &sent)) continue;
      last_ = now;
      if (const std::int64_t since = since_; since != 0 && sent >= since && first_ == 0) first_ = now;
    }
  }

  const SystemClock clock_;
  testing::UdpSocket sender_;
  testing::UdpSocket receiver_;
  std::atomic<bool> going_ = true;
  // Of CLOCK_MONOTONIC, in ns; 0: none.
  std::atomic<std::int64_t> last_ = 0;
  std::atomic<std::int64_t> since_ = 0;
  std::atomic<std::int64_t> first_ = 0;
  std::thread receive_thread_;
  std::thread send_thread_;
};

// One way to cut a node off from its peer, and to heal that.
struct HealWay {
  std::string name;
  std::function<absl::Status()> cut;
  std::function<absl::Status()> heal;
  // Between the two.
  Duration rest{0};
};

absl::StatusOr<Runs> HealOften(const HealWay& way, StampedFlow& flow, int samples) {
  Runs runs;
  for (int i = 0; i < kHealRuns * samples; ++i) {
    if (i % samples == 0) runs.Begin();
    FAULTLINE_RETURN_IF_ERROR(WithContext(way.cut(), way.name));
    FAULTLINE_RETURN_IF_ERROR(WithContext(flow.AwaitSilence(), way.name));
    std::this_thread::sleep_for(way.rest);
    const MonotonicTime start = flow.Mark();
    FAULTLINE_RETURN_IF_ERROR(WithContext(way.heal(), way.name));
    FAULTLINE_ASSIGN_OR_RETURN(const Duration took, flow.AwaitFirstSince(start));
    runs.Add(took);
  }
  return runs;
}

Program Cut(std::size_t cidrs) {
  Program program = MakeCidrRun("heal", cidrs, {CidrStep(0, Duration(0), std::chrono::seconds(1))}).program;
  std::vector<Prefix> prefixes = program.prefix_sets[0].prefixes();
  prefixes.push_back(Prefix::Parse("172.33.0.0/16").value());
  program.prefix_sets[0] = PrefixSet(std::move(prefixes));
  return program;
}

absl::Status Open(Kernel& kernel, const Program& program) {
  const GateOpening open[] = {{0, std::chrono::seconds(60)}};
  return kernel.Switch(program.run, {}, open);
}

// A process that holds the fault until it is killed.
class Holder {
 public:
  // In the calling thread's namespace.
  static absl::StatusOr<Holder> Start(const Program& program) {
    int ready[2];
    if (pipe(ready) != 0) return ErrnoError(errno, "pipe");
    const pid_t pid = fork();
    if (pid < 0) return ErrnoError(errno, "fork");
    if (pid == 0) Hold(program, ready[1]);
    close(ready[1]);
    char word = 0;
    const bool holds = ::read(ready[0], &word, 1) == 1;
    close(ready[0]);
    Holder holder(pid);
    if (holds) return holder;
    holder.Kill();
    return absl::InternalError("the process that was to hold the fault could not");
  }

  void Kill() const {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  explicit Holder(pid_t pid) : pid_(pid) {}

  [[noreturn]] static void Hold(const Program& program, int ready) {
    const auto kernel = LinuxKernel::Open();
    if (!kernel.ok() || !(*kernel)->Install(program).ok() || !Open(**kernel, program).ok()) _exit(1);
    if (write(ready, "r", 1) != 1) _exit(1);
    while (true) pause();
  }

  pid_t pid_;
};

absl::Status Tool(const std::string& command) {
  const std::vector<std::string> words = absl::StrSplit(command, ' ');
  return ToStatus(RunProcess(words), words);
}

class HealBench {
 public:
  HealBench(const testing::Netns& peer, const testing::Netns& node, bool quick, Table& table)
      : peer_(peer), node_(node), flow_(peer, node), quick_(quick), table_(table) {}

  absl::Status StepEnds() {
    const testing::InNetns inside(node_);
    FAULTLINE_ASSIGN_OR_RETURN(const auto kernel, LinuxKernel::Open());
    const Program program = Cut(1);
    const StepIndex close[] = {0};
    FAULTLINE_RETURN_IF_ERROR(kernel->Install(program));
    FAULTLINE_ASSIGN_OR_RETURN(const Runs runs, Add({"Faultline, a step ends", [&] { return Open(*kernel, program); },
                                                     [&] { return kernel->Switch(program.run, close, {}); }},
                                                    100));
    table_.goals.push_back(
        {"a step ends until packets flow, p99", Goal::Sense::kAtMost, 2000, runs.Percentile(99), "us"});
    return absl::OkStatus();
  }

  absl::Status AgentKilled() {
    const testing::InNetns inside(node_);
    FAULTLINE_ASSIGN_OR_RETURN(const auto kernel, LinuxKernel::Open());
    FAULTLINE_ASSIGN_OR_RETURN(const CapabilitySet has, kernel->Probe());
    if (!has.Has(Capability::kTableOwner)) {
      table_.notes.push_back("this kernel has no table owner: after a SIGKILL the gates end by their lease");
      return absl::OkStatus();
    }
    Growth growth{.figure = "heal after SIGKILL, p50 by CIDRs", .points = {}};
    for (const auto& [cidrs, samples] : {std::pair(100, 20), std::pair(1'000, 10), std::pair(10'000, 4)}) {
      FAULTLINE_ASSIGN_OR_RETURN(const Runs runs,
                                 AddKilled(absl::StrCat("Faultline killed, ", cidrs, " CIDRs"), cidrs, kRest, samples));
      growth.points.push_back({static_cast<double>(cidrs), runs.Percentile(50)});
      table_.goals.push_back({absl::StrCat("killed with ", cidrs, " CIDRs until packets flow, p99"),
                              Goal::Sense::kAtMost, 20'000, runs.Percentile(99), "us"});
    }
    table_.growth.push_back(std::move(growth));
    return AddKilled("Faultline killed as it has changed its rules, 100 CIDRs", 100, Duration(0), 20).status();
  }

  absl::Status Tools() {
    FAULTLINE_RETURN_IF_ERROR([&] {
      const testing::InNetns inside(node_);
      return Add({"iptables -F", [] { return Tool("iptables -A INPUT -s 172.33.0.0/16 -j DROP"); },
                  [] { return Tool("iptables -F"); }},
                 20)
          .status();
    }());
    const testing::InNetns inside(peer_);
    return Add({"tc qdisc del", [] { return Tool("tc qdisc replace dev eth0 root handle 1: blackhole"); },
                [] { return Tool("tc qdisc del dev eth0 root"); }},
               20)
        .status();
  }

 private:
  absl::StatusOr<Runs> AddKilled(const std::string& name, int cidrs, Duration rest, int samples) {
    const Program program = Cut(static_cast<std::size_t>(cidrs));
    absl::StatusOr<Holder> holder = absl::UnavailableError("none yet");
    return Add({name,
                [&] {
                  holder = Holder::Start(program);
                  return holder.status();
                },
                [&] {
                  holder->Kill();
                  return absl::OkStatus();
                },
                rest},
               samples);
  }

  absl::StatusOr<Runs> Add(const HealWay& way, int samples) {
    FAULTLINE_ASSIGN_OR_RETURN(Runs runs, HealOften(way, flow_, quick_ ? 1 : samples));
    std::vector<Cell> row{way.name};
    for (Cell& cell : runs.Cells()) row.push_back(std::move(cell));
    table_.rows.push_back(std::move(row));
    return runs;
  }

  const testing::Netns& peer_;
  const testing::Netns& node_;
  StampedFlow flow_;
  const bool quick_;
  Table& table_;
};

}  // namespace

absl::StatusOr<Table> MeasureHeal(bool quick) {
  Table table{
      .name = "heal",
      .compares = "from the order to heal until the first packet that was sent after it has arrived",
      .columns = {"what"},
      .rows = {},
      .notes = {"a datagram every 50 us at most, over a veth between two namespaces",
                "a step ends: the call that closes its gate; killed: the signal to a process that holds the "
                "tables, whose owner flag has the kernel remove them, 100 ms after it has last changed its rules",
                "killed as it has changed them: the kernel first waits until no processor uses what the change "
                "has replaced (nft_rcv_nl_event flushes nf_tables_trans_destroy_work), as it does for some 20 ms "
                "of the two seconds between two renewals",
                "the tools: the whole process; tc deletes a root qdisc that drops everything, at the sender"}};
  table.bounded_by =
      "A step's end: one netlink batch, then the next datagram. Killed: the kernel ends the process, closes its "
      "sockets and unhooks the tables before it frees them.";
  table.columns.insert(table.columns.end(), Runs::Columns().begin(), Runs::Columns().end());
  const testing::Netns node;
  const testing::Netns peer;
  testing::Wire(node, peer);
  HealBench bench(peer, node, quick, table);
  FAULTLINE_RETURN_IF_ERROR(bench.StepEnds());
  FAULTLINE_RETURN_IF_ERROR(bench.AgentKilled());
  FAULTLINE_RETURN_IF_ERROR(bench.Tools());
  return table;
}

}  // namespace faultline::bench
