#include <algorithm>
#include <functional>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "agent/kernel/linux_kernel.h"
#include "common/status.h"
#include "tests/bench/cidr_program.h"
#include "tests/bench/measures.h"
#include "tests/measure/figures.h"
#include "tests/measure/process.h"
#include "tests/measure/tcp_flow.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Goal;
using measure::Median;
using measure::RunProcess;
using measure::Table;
using measure::TcpFlow;
using measure::ToStatus;

constexpr char kLaneNode[] = "172.32.4.2";
constexpr Duration kLaneDelay = std::chrono::milliseconds(1);

// One way to impair what the peer sends to the node.
struct LaneWay {
  std::string name;
  std::function<absl::Status()> begin;
  std::function<absl::Status()> end;
  std::vector<double> rates;
};

Program Lane(bool loses) {
  Program program = MakeCidrRun("lane", 1, {CidrStep(0, Duration(0), std::chrono::seconds(1))}).program;
  program.prefix_sets[0] = PrefixSet({Prefix::Parse("172.33.0.0/16").value()});
  Impairment impairment;
  impairment.delay = kLaneDelay;
  if (loses) impairment.loss = Ratio::Percent(0.01);
  program.steps[0].effect = impairment;
  program.steps[0].lane = LaneKind::kNetem;
  return program;
}

LaneWay OursByLane(const std::string& name, LinuxKernel& kernel, const Program& program) {
  return {name,
          [&kernel, program]() -> absl::Status {
            FAULTLINE_RETURN_IF_ERROR(kernel.Install(program));
            const GateOpening open[] = {{0, std::chrono::seconds(300)}};
            return kernel.Switch(program.run, {}, open);
          },
          [&kernel, program] { return kernel.Remove(program.run); },
          {}};
}

absl::Status Do(const testing::Netns& netns, const std::string& words, const std::string& input = "") {
  const testing::InNetns inside(netns);
  const std::vector<std::string> command = absl::StrSplit(words, ' ');
  return ToStatus(RunProcess(command, {.input = input}), command);
}

LaneWay ToolByLane(const std::string& name, const testing::Netns& peer, const std::string& qdiscs, bool whole) {
  return {name,
          [&peer, qdiscs, whole]() -> absl::Status {
            if (!whole) FAULTLINE_RETURN_IF_ERROR(Do(peer, "ip link set eth0 gso_max_segs 1"));
            return Do(peer, "tc -batch -", qdiscs);
          },
          [&peer, whole]() -> absl::Status {
            FAULTLINE_RETURN_IF_ERROR(Do(peer, "tc qdisc del dev eth0 root"));
            return whole ? absl::OkStatus() : Do(peer, "ip link set eth0 gso_max_segs 65535");
          },
          {}};
}

absl::StatusOr<double> MegabitsPerSecond(const testing::Netns& peer, const testing::Netns& node, Duration time) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto flow, TcpFlow::Start(peer, node, kLaneNode));
  std::this_thread::sleep_for(time / 4);
  const SystemClock clock;
  const MonotonicTime start = clock.Now();
  const std::int64_t before = flow->bytes();
  std::this_thread::sleep_for(time);
  const double seconds = std::chrono::duration<double>(clock.Now() - start).count();
  return static_cast<double>(flow->bytes() - before) * 8 / seconds / 1e6;
}

void AddLaneRow(const LaneWay& way, Table& table) {
  const auto [least, greatest] = std::ranges::minmax_element(way.rates);
  table.rows.push_back({way.name, Median(way.rates), absl::StrFormat("%.4g to %.4g", *least, *greatest),
                        static_cast<std::int64_t>(way.rates.size())});
}

}  // namespace

absl::StatusOr<Table> MeasureLane(bool quick) {
  Table table{.name = "lane",
              .compares = "what one TCP connection achieves with 1 ms of delay on its way",
              .columns = {"by", "Mbit/s p50", "each run", "n"},
              .rows = {},
              .notes = {"in turn, one after the other",
                        "wire-exact: each packet of the wire is lost by itself, and so none travels in an aggregate",
                        "no GSO: the sender cuts its aggregates itself, which is what it takes for a root netem to "
                        "lose single packets"}};
  table.bounded_by =
      "Packets a second: with loss each packet of the wire passes the lane by itself, so the kernel's work is per "
      "packet "
      "and not per aggregate.";
  const testing::Netns node;
  const testing::Netns peer;
  testing::Wire(node, peer);
  const testing::InNetns inside(node);
  FAULTLINE_ASSIGN_OR_RETURN(const auto kernel, LinuxKernel::Open());
  FAULTLINE_ASSIGN_OR_RETURN(const CapabilitySet has, kernel->Probe());
  if (!has.Has(Capability::kNetem)) {
    table.notes = {"this kernel has no netem"};
    return table;
  }
  const auto nothing = [] { return absl::OkStatus(); };
  std::vector<LaneWay> ways;
  ways.push_back({"nothing", nothing, nothing, {}});
  ways.push_back(OursByLane("Faultline, delay", *kernel, Lane(false)));
  ways.push_back(OursByLane("Faultline, delay and wire-exact loss of 0.01 %", *kernel, Lane(true)));
  const std::string prio =
      "qdisc add dev eth0 root handle 1: prio\n"
      "filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst 172.32.0.0/11 flowid 1:3\n"
      "qdisc add dev eth0 parent 1:3 handle 30: ";
  ways.push_back(
      ToolByLane("root netem, delay", peer, "qdisc add dev eth0 root handle 1: netem delay 1ms limit 10000\n", true));
  ways.push_back(ToolByLane("root prio + netem, delay and loss, no GSO", peer,
                            prio + "netem delay 1ms loss 0.01% limit 10000\n", false));
  for (int run = 0; run < (quick ? 1 : 5); ++run) {
    for (LaneWay& way : ways) {
      FAULTLINE_RETURN_IF_ERROR(WithContext(way.begin(), way.name));
      const auto rate = MegabitsPerSecond(peer, node, std::chrono::milliseconds(quick ? 400 : 1000));
      FAULTLINE_RETURN_IF_ERROR(WithContext(way.end(), way.name));
      FAULTLINE_RETURN_IF_ERROR(rate.status());
      way.rates.push_back(*rate);
    }
  }
  for (const LaneWay& way : ways) AddLaneRow(way, table);
  table.goals.push_back({"a lane with wire-exact loss, beside root prio + netem without GSO", Goal::Sense::kAtLeast, 2,
                         Median(ways[2].rates) / Median(ways[4].rates), "times"});
  return table;
}

}  // namespace faultline::bench
