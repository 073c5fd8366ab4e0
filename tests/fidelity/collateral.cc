#include <algorithm>
#include <functional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status.h"
#include "tests/fidelity/bed.h"
#include "tests/fidelity/measures.h"
#include "tests/fidelity/statistics.h"
#include "tests/measure/udp_flow.h"
#include "tests/support/udp.h"

namespace faultline::fidelity {
namespace {

using std::chrono::milliseconds;

constexpr char kNode[] = "172.32.4.2";
constexpr char kPeer[] = "172.33.11.90";
// Each way 12 500 datagrams a second, and fewer where that would take more than a thirty-second of a processor: a
// machine that is busy with them only would do nothing else.
constexpr Duration kInterval = std::chrono::microseconds(400);
constexpr int kBurst = 5;
constexpr int kBusy = 32;
// How long a fault acts before it is changed, and after, and how long it then does not.
constexpr Duration kHold = milliseconds(4);
constexpr int kChecksQdiscEvery = 20;
const RunId kRun("fidelity");

// A node with several queues and what its owner has put on the interface.
struct OwnersQdisc {
  std::string name;
  std::vector<std::string> commands;
};

std::vector<OwnersQdisc> Owners(bool all) {
  const auto add = [](const std::string& what) {
    return absl::StrCat("tc qdisc replace dev eth0 root handle 1: ", what);
  };
  std::vector<OwnersQdisc> owners{{"mq", {add("mq")}}};
  if (!all) return owners;
  owners.push_back({"fq_codel", {add("fq_codel")}});
  owners.push_back({"fq", {add("fq")}});
  owners.push_back({"an htb tree",
                    {add("htb default 10"), "tc class add dev eth0 parent 1: classid 1:1 htb rate 1gbit",
                     "tc class add dev eth0 parent 1:1 classid 1:10 htb rate 900mbit ceil 1gbit",
                     "tc class add dev eth0 parent 1:1 classid 1:20 htb rate 100mbit ceil 1gbit",
                     "tc qdisc add dev eth0 parent 1:20 handle 20: sfq"}});
  return owners;
}

struct Wired {
  const testing::Netns node;
  const testing::Netns peer;
};

absl::Status SetUp(const Wired& wired) {
  FAULTLINE_RETURN_IF_ERROR(
      Run(wired.node, absl::StrCat("ip link add eth0 numtxqueues 2 numrxqueues 2 type veth peer name eth0 netns ",
                                   wired.peer.path(), " numtxqueues 2 numrxqueues 2"))
          .status());
  for (const auto& [netns, address] : {std::pair(&wired.node, kNode), std::pair(&wired.peer, kPeer)}) {
    FAULTLINE_RETURN_IF_ERROR(Run(*netns, "ip link set eth0 addrgenmode none up").status());
    FAULTLINE_RETURN_IF_ERROR(Run(*netns, absl::StrCat("ip address add ", address, "/11 dev eth0")).status());
  }
  return absl::OkStatus();
}

// Of addresses that nobody has: a block and a lane, each both ways where the kernel can.
absl::StatusOr<Program> Unrelated(const CapabilitySet& capabilities) {
  FAULTLINE_ASSIGN_OR_RETURN(const Prefix nobody, Prefix::Parse("10.99.0.0/16"));
  const std::vector<Match> from = {{.sources = 0}};
  std::vector<Match> to;
  if (capabilities.Has(Capability::kEgressHook) && capabilities.Has(Capability::kBlackholeLane)) {
    to = {{.destinations = 0}};
  }
  Impairment rate;
  rate.rate = BitRate{1'000'000};
  Program program{.run = kRun, .devices = {"eth0"}, .prefix_sets = {PrefixSet({nobody})}};
  const LaneKind lane = capabilities.Has(Capability::kNetem) ? LaneKind::kNetem : LaneKind::kRate;
  program.steps = {{.index = 0, .incoming = from, .outgoing = to},
                   {.index = 1, .effect = rate, .incoming = from, .outgoing = to, .lane = lane}};
  return program;
}

// From one burst to the next.
absl::StatusOr<Duration> FindPace(const Wired& wired) {
  constexpr int kTrial = 2000;
  testing::UdpSocket sender(wired.node, kNode, 0);
  testing::UdpSocket receiver(wired.peer, kPeer, 9001);
  const SystemClock clock;
  const MonotonicTime start = clock.Now();
  for (int i = 0; i < kTrial; ++i) {
    if (sender.SendTo(kPeer, 9001, "trial") != 0) return absl::InternalError("cannot send");
    if (receiver.Receive(std::chrono::seconds(1)).empty()) return absl::InternalError("nothing arrives");
  }
  return std::max<Duration>(kInterval, kBusy * kBurst * (clock.Now() - start) / kTrial);
}

struct Collateral {
  int cycles = 0;
  std::int64_t sent = 0;
  std::int64_t lost = 0;
  double per_second = 0;
  // Whether `tc qdisc show` told the same all the time.
  bool same = true;

  std::string Text() const {
    return absl::StrFormat("%d lost of %d (%.0f/s), qdisc %s", lost, sent, per_second, same ? "the same" : "another");
  }
};

// Something done over and over; `look` is to be called while it acts.
using Cycle = std::function<absl::Status(const std::function<absl::Status()>& look)>;

absl::StatusOr<Collateral> ObserveCollateral(const Wired& wired, Duration pace, int cycles, const Cycle& cycle) {
  constexpr char kShow[] = "tc qdisc show dev eth0";
  Collateral observation{.cycles = cycles};
  FAULTLINE_ASSIGN_OR_RETURN(const std::string before, Run(wired.node, kShow));
  const auto compare = [&]() -> absl::Status {
    FAULTLINE_ASSIGN_OR_RETURN(const std::string now, Run(wired.node, kShow));
    observation.same = observation.same && now == before;
    return absl::OkStatus();
  };
  const SystemClock clock;
  const MonotonicTime start = clock.Now();
  measure::UdpFlow out(wired.node, kNode, wired.peer, kPeer, pace, kBurst);
  measure::UdpFlow in(wired.peer, kPeer, wired.node, kNode, pace, kBurst);
  for (int i = 0; i < cycles; ++i) {
    const bool checks = i % kChecksQdiscEvery == 0;
    FAULTLINE_RETURN_IF_ERROR(cycle([&] { return checks ? compare() : absl::OkStatus(); }));
  }
  for (measure::UdpFlow* flow : {&out, &in}) {
    const double seconds = Seconds(clock.Now() - start);
    const measure::UdpFlow::Count count = flow->Stop();
    observation.per_second += static_cast<double>(count.sent) / seconds;
    observation.sent += count.sent;
    observation.lost += count.lost();
  }
  FAULTLINE_RETURN_IF_ERROR(compare());
  return observation;
}

absl::Status FaultCycle(Kernel& kernel, const Program& program, const std::function<absl::Status()>& look) {
  const GateOpening open[] = {{0, std::chrono::seconds(10)}, {1, std::chrono::seconds(10)}};
  const StepIndex close[] = {0, 1};
  Impairment faster;
  faster.rate = BitRate{10'000'000};
  const LaneChange change[] = {{1, faster}};
  FAULTLINE_RETURN_IF_ERROR(kernel.Install(program));
  FAULTLINE_RETURN_IF_ERROR(kernel.Switch(program.run, {}, open));
  std::this_thread::sleep_for(kHold);
  FAULTLINE_RETURN_IF_ERROR(look());
  FAULTLINE_RETURN_IF_ERROR(kernel.Shape(program.run, change));
  FAULTLINE_RETURN_IF_ERROR(kernel.Switch(program.run, {}, open));
  std::this_thread::sleep_for(kHold);
  FAULTLINE_RETURN_IF_ERROR(kernel.Switch(program.run, close, {}));
  FAULTLINE_RETURN_IF_ERROR(kernel.Remove(program.run));
  std::this_thread::sleep_for(kHold);
  return absl::OkStatus();
}

// What scripts around tc do, for a fault that concerns other addresses.
absl::Status TcCycle(const testing::Netns& node, bool netem, const std::function<absl::Status()>& look) {
  const auto run = [&](const char* command) { return Run(node, command).status(); };
  if (netem) {
    FAULTLINE_RETURN_IF_ERROR(run("tc qdisc replace dev eth0 root handle 7: prio"));
    FAULTLINE_RETURN_IF_ERROR(run("tc qdisc add dev eth0 parent 7:3 handle 8: netem rate 1mbit"));
    FAULTLINE_RETURN_IF_ERROR(
        run("tc filter add dev eth0 parent 7: protocol ip u32 match ip dst 10.99.0.0/16 flowid 7:3"));
  } else {
    FAULTLINE_RETURN_IF_ERROR(run("tc qdisc replace dev eth0 root handle 7: pfifo limit 1000"));
  }
  std::this_thread::sleep_for(2 * kHold);
  FAULTLINE_RETURN_IF_ERROR(look());
  FAULTLINE_RETURN_IF_ERROR(run("tc qdisc delete dev eth0 root"));
  std::this_thread::sleep_for(kHold);
  return absl::OkStatus();
}

absl::Status CompareCollateral(const OwnersQdisc& owner, bool quick, measure::Table& table) {
  const Wired wired;
  FAULTLINE_RETURN_IF_ERROR(SetUp(wired));
  for (const std::string& command : owner.commands) FAULTLINE_RETURN_IF_ERROR(Run(wired.node, command).status());
  FAULTLINE_ASSIGN_OR_RETURN(const auto kernel, [&] {
    const testing::InNetns inside(wired.node);
    return LinuxKernel::Open();
  }());
  FAULTLINE_ASSIGN_OR_RETURN(const CapabilitySet capabilities, kernel->Probe());
  FAULTLINE_ASSIGN_OR_RETURN(const Program program, Unrelated(capabilities));
  const bool netem = capabilities.Has(Capability::kNetem);
  // Where there is netem there are four owners, and mostly an emulated machine.
  const bool few = quick || netem;
  const int cycles = few ? 10 : 200;
  const int grafts = few ? 5 : 20;
  FAULTLINE_ASSIGN_OR_RETURN(const Duration pace, FindPace(wired));
  FAULTLINE_ASSIGN_OR_RETURN(const Collateral quiet, ObserveCollateral(wired, pace, cycles, [](const auto& look) {
                               std::this_thread::sleep_for(3 * kHold);
                               return look();
                             }));
  FAULTLINE_ASSIGN_OR_RETURN(const Collateral ours, ObserveCollateral(wired, pace, cycles, [&](const auto& look) {
                               return FaultCycle(*kernel, program, look);
                             }));
  FAULTLINE_ASSIGN_OR_RETURN(const Collateral other, ObserveCollateral(wired, pace, grafts, [&](const auto& look) {
                               return TcCycle(wired.node, netem, look);
                             }));
  AddRow(table, {.what = absl::StrFormat("%s as root, %d cycles", owner.name, cycles),
                 .asked = "nothing",
                 .observed = ours.Text(),
                 .bound = "0 lost, the same",
                 .holds = ours.lost == 0 && ours.same && ours.sent > 0,
                 .beside = absl::StrFormat("%s, %d cycles: %s; no cycles: %d lost of %d",
                                           netem ? "prio and netem as root" : "pfifo as root", grafts, other.Text(),
                                           quiet.lost, quiet.sent)});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<measure::Table> MeasureCollateral(bool quick) {
  measure::Table table =
      MakeTable("collateral",
                "What two unrelated UDP flows through a multi-queue veth, one each way, lose while faults of others "
                "are armed, fired, changed and healed.");
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<Bed> bed, Bed::Make());
  for (const OwnersQdisc& owner : Owners(bed->Has(Capability::kNetem))) {
    FAULTLINE_RETURN_IF_ERROR(CompareCollateral(owner, quick, table));
  }
  table.notes = {"qdisc: what `tc qdisc show` says of the interface before, meanwhile and after, byte by byte"};
  return table;
}

}  // namespace faultline::fidelity
