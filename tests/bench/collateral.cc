#include <functional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/kernel/linux_kernel.h"
#include "common/status.h"
#include "tests/bench/cidr_program.h"
#include "tests/bench/measures.h"
#include "tests/measure/process.h"
#include "tests/measure/udp_flow.h"

namespace faultline::bench {
namespace {

using measure::ProcessResult;
using measure::RunProcess;
using measure::Table;
using measure::ToStatus;
using measure::UdpFlow;

constexpr char kFrom[] = "172.32.4.2";
constexpr char kTo[] = "172.33.11.90";
// 10 000 datagrams a second.
constexpr Duration kInterval = std::chrono::microseconds(100);
// How long a fault, or a qdisc, acts, and how long it then does not.
constexpr Duration kHold = std::chrono::milliseconds(3);

struct Wired {
  Wired() { testing::Wire(node, peer); }
  const testing::Netns node;
  const testing::Netns peer;
};

// Names addresses that nobody has: the flow must not notice.
Program UnrelatedProgram(bool egress) {
  Program program = MakeCidrRun("collateral", 1, {CidrStep(0, Duration(0), std::chrono::seconds(1))}).program;
  if (egress) program.steps[0].outgoing = {{.destinations = 0}};
  return program;
}

absl::Status FaultCycle(Kernel& kernel, const Program& program) {
  const GateOpening open[] = {{0, std::chrono::seconds(10)}};
  const StepIndex close[] = {0};
  FAULTLINE_RETURN_IF_ERROR(kernel.Install(program));
  FAULTLINE_RETURN_IF_ERROR(kernel.Switch(program.run, {}, open));
  std::this_thread::sleep_for(kHold);
  FAULTLINE_RETURN_IF_ERROR(kernel.Switch(program.run, close, {}));
  FAULTLINE_RETURN_IF_ERROR(kernel.Remove(program.run));
  std::this_thread::sleep_for(kHold);
  return absl::OkStatus();
}

std::vector<std::string> ReplaceRoot(const std::string& qdisc) {
  return absl::StrSplit(absl::StrCat("tc qdisc replace dev ", kDevice, " root handle 1: ", qdisc), ' ');
}

// The first that this kernel has of the qdiscs that tools put there; which one makes no difference to what is lost.
absl::StatusOr<std::string> FindQdisc() {
  const testing::Netns netns;
  AddDevice(netns);
  const testing::InNetns inside(netns);
  ProcessResult tried;
  for (const char* qdisc : {"netem delay 1ms", "prio", "pfifo limit 1000"}) {
    tried = RunProcess(ReplaceRoot(qdisc));
    if (tried.code == 0) return qdisc;
  }
  return ToStatus(tried, {"tc"});
}

absl::Status QdiscCycle(const std::vector<std::string>& add, const std::string& removed) {
  const std::vector<std::string> remove{"tc", "qdisc", "delete", "dev", kDevice, removed};
  FAULTLINE_RETURN_IF_ERROR(ToStatus(RunProcess(add), add));
  std::this_thread::sleep_for(kHold);
  FAULTLINE_RETURN_IF_ERROR(ToStatus(RunProcess(remove), remove));
  std::this_thread::sleep_for(kHold);
  return absl::OkStatus();
}

absl::Status QuietCycle() {
  std::this_thread::sleep_for(2 * kHold);
  return absl::OkStatus();
}

// Does one thing over and over beside the flow.
absl::Status MeasureCycles(const Wired& wired, const std::string& what, int cycles,
                           const std::function<absl::Status()>& cycle, Table& table, bool held = false) {
  const testing::InNetns inside(wired.node);
  const SystemClock clock;
  const MonotonicTime start = clock.Now();
  UdpFlow flow(wired.node, kFrom, wired.peer, kTo, kInterval);
  for (int i = 0; i < cycles; ++i) FAULTLINE_RETURN_IF_ERROR(cycle());
  const UdpFlow::Count count = flow.Stop();
  const double seconds = std::chrono::duration<double>(clock.Now() - start).count();
  table.rows.push_back({what, static_cast<std::int64_t>(cycles), seconds, count.sent, count.lost(), count.refused,
                        static_cast<double>(count.lost()) / cycles});
  if (held) {
    table.goals.push_back({absl::StrCat("lost of an unrelated flow in ", cycles, " cycles of arm, fire and heal"),
                           measure::Goal::Sense::kAtMost, 0, static_cast<double>(count.lost()), "packets"});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasureCollateral(bool quick) {
  const int faults = quick ? 20 : 1'000;
  const int grafts = quick ? 10 : 40;
  Table table{.name = "collateral",
              .compares = "what an unrelated UDP flow through the same interface loses",
              .columns = {"beside", "cycles", "seconds", "sent", "lost", "refused", "lost a cycle"},
              .rows = {},
              .notes = {"the flow: 10 000 datagrams a second at most, over a veth between two namespaces",
                        "a fault cycle: install, fire, 3 ms, heal, remove, 3 ms; the rules name other addresses",
                        "a qdisc cycle: tc replaces the interface's root qdisc, 3 ms, deletes it, 3 ms: what "
                        "tools do that shape the interface itself",
                        "refused: send() failed, so the sender knew; the rest of the lost vanished"}};
  table.bounded_by = "Nothing of ours is on the interface's own way: hooks come and go without its queues noticing.";
  const Wired wired;
  FAULTLINE_ASSIGN_OR_RETURN(const auto kernel, [&] {
    const testing::InNetns inside(wired.node);
    return LinuxKernel::Open();
  }());
  FAULTLINE_ASSIGN_OR_RETURN(const CapabilitySet capabilities, kernel->Probe());
  const bool egress = capabilities.Has(Capability::kEgressHook) && capabilities.Has(Capability::kBlackholeLane);
  if (!egress) table.notes.push_back("this kernel has no egress hook or no lane: faults at ingress only");
  const Program program = UnrelatedProgram(egress);
  FAULTLINE_RETURN_IF_ERROR(MeasureCycles(wired, "nothing", faults, QuietCycle, table));
  FAULTLINE_RETURN_IF_ERROR(MeasureCycles(
      wired, egress ? "Faultline, with an egress lane" : "Faultline", faults,
      [&] { return FaultCycle(*kernel, program); }, table, /*held=*/true));
  FAULTLINE_ASSIGN_OR_RETURN(const std::string qdisc, FindQdisc());
  FAULTLINE_RETURN_IF_ERROR(MeasureCycles(
      wired, absl::StrCat("tc, root ", qdisc), grafts, [&] { return QdiscCycle(ReplaceRoot(qdisc), "root"); }, table));
  const std::vector<std::string> clsact{"tc", "qdisc", "add", "dev", kDevice, "clsact"};
  FAULTLINE_RETURN_IF_ERROR(MeasureCycles(
      wired, "tc, clsact", grafts, [&] { return QdiscCycle(clsact, "clsact"); }, table));
  return table;
}

}  // namespace faultline::bench
