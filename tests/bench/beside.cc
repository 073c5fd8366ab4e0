#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <map>
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
#include "tests/measure/samples.h"
#include "tests/measure/tcp_flow.h"
#include "tests/support/udp.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Goal;
using measure::Median;
using measure::ProcessResult;
using measure::RunProcess;
using measure::Samples;
using measure::Seconds;
using measure::Table;
using measure::TcpFlow;
using measure::ToStatus;

constexpr char kPeer[] = "172.33.11.90";
// Not the peer's, but within the same outline (common/program/nft_outline.h).
constexpr char kNeighbours[] = "172.33.64.0/24";
constexpr char kBesideNode[] = "172.32.4.2";
constexpr std::uint16_t kBesidePort = 9003;
// Of the tools, whose time goes by the number of rules.
constexpr std::size_t kRules = 10'000;
// Of tc, which takes ever longer to add one.
constexpr std::size_t kFilters = 2'000;
constexpr std::size_t kCidrs = 100'000;

// What traffic from the peer to the node achieves.
struct Traffic {
  double packets_per_second = 0;
  double bytes_per_second = 0;
  // Of a datagram there and back, in us.
  double round_trip_p50 = 0;
  double round_trip_p99 = 0;
};

// For so long. Small datagrams from one thread: its processor does all the way to the receiving socket, whose buffer
// may overflow, which costs the same; what the node's IP layer has seen counts by what was sent.
absl::StatusOr<double> PacketsPerSecond(const testing::Netns& peer, const testing::Netns& node, Duration time) {
  testing::UdpSocket sink(node, kBesideNode, kBesidePort);
  testing::UdpSocket source(peer, kPeer, 0);
  const SystemClock clock;
  const MonotonicTime start = clock.Now();
  std::int64_t sent = 0;
  Duration took{0};
  while (took < time) {
    for (int i = 0; i < 100; ++i, ++sent) {
      if (source.SendTo(kBesideNode, kBesidePort, "x") != 0) return absl::InternalError("cannot send beside the fault");
    }
    took = clock.Now() - start;
  }
  return static_cast<double>(sent) / Seconds(took);
}

absl::StatusOr<double> BytesPerSecond(const testing::Netns& peer, const testing::Netns& node, Duration time) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto flow, TcpFlow::Start(peer, node, kBesideNode));
  // Until the windows are open.
  std::this_thread::sleep_for(time / 4);
  const SystemClock clock;
  const MonotonicTime start = clock.Now();
  const std::int64_t before = flow->bytes();
  std::this_thread::sleep_for(time);
  return static_cast<double>(flow->bytes() - before) / Seconds(clock.Now() - start);
}

absl::StatusOr<Samples> RoundTrips(const testing::Netns& peer, const testing::Netns& node, int count) {
  testing::UdpSocket here(peer, kPeer, kBesidePort);
  testing::UdpSocket there(node, kBesideNode, kBesidePort);
  const SystemClock clock;
  Samples samples;
  for (int i = 0; i < count; ++i) {
    const MonotonicTime start = clock.Now();
    if (here.SendTo(kBesideNode, kBesidePort, "there") != 0 || there.Receive(std::chrono::seconds(1)).empty() ||
        there.SendTo(kPeer, kBesidePort, "back") != 0 || here.Receive(std::chrono::seconds(1)).empty()) {
      return absl::InternalError("a datagram beside the fault was lost");
    }
    samples.Add(clock.Now() - start);
  }
  return samples;
}

absl::StatusOr<Traffic> TrafficBeside(const testing::Netns& peer, const testing::Netns& node, bool quick) {
  const Duration time = std::chrono::milliseconds(quick ? 100 : 300);
  Traffic traffic;
  FAULTLINE_ASSIGN_OR_RETURN(traffic.packets_per_second, PacketsPerSecond(peer, node, time));
  FAULTLINE_ASSIGN_OR_RETURN(traffic.bytes_per_second, BytesPerSecond(peer, node, time));
  FAULTLINE_ASSIGN_OR_RETURN(const Samples trips, RoundTrips(peer, node, quick ? 500 : 4000));
  const auto us = [&](double percent) { return static_cast<double>(trips.Percentile(percent).count()) / 1000; };
  traffic.round_trip_p50 = us(50);
  traffic.round_trip_p99 = us(99);
  return traffic;
}

// A fault of others that the node carries out: what it takes to have it, while it is there.
struct BesideWay {
  std::string name;
  std::size_t rules = 0;
  std::function<absl::Status()> begin;
  std::function<absl::Status()> end;
};

std::function<absl::Status()> Command(const testing::Netns& netns, const std::string& words,
                                      const std::string& input = "") {
  return [&netns, words, input] {
    const testing::InNetns inside(netns);
    const std::vector<std::string> command = absl::StrSplit(words, ' ');
    return ToStatus(RunProcess(command, {.input = input}), command);
  };
}

std::string IptablesText() {
  std::string text = "*filter\n:INPUT ACCEPT\n";
  const PrefixSet prefixes = ManyPrefixes(kRules);
  for (const Prefix& prefix : prefixes.prefixes()) {
    absl::StrAppend(&text, "-A INPUT -s ", prefix.ToString(), " -j DROP\n");
  }
  return text + "COMMIT\n";
}

// As tools do that shape some addresses: one class for all else, and filters that choose for the other.
std::string FilterText() {
  std::string text =
      "qdisc add dev eth0 root handle 1: htb default 10\n"
      "class add dev eth0 parent 1: classid 1:10 htb rate 100gbit\n"
      "class add dev eth0 parent 1: classid 1:30 htb rate 1mbit\n";
  const PrefixSet prefixes = ManyPrefixes(kFilters);
  for (const Prefix& prefix : prefixes.prefixes()) {
    absl::StrAppend(&text, "filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst ", prefix.ToString(),
                    " flowid 1:30\n");
  }
  return text;
}

BesideWay OursBeside(const testing::Netns& node, std::unique_ptr<LinuxKernel>& kernel, bool near) {
  const auto program = std::make_shared<Program>(
      MakeCidrRun("beside", kCidrs, {CidrStep(0, Duration(0), std::chrono::seconds(1))}).program);
  PrefixSet& prefixes = program->prefix_sets.front();
  if (near) prefixes = prefixes.Union(PrefixSet{*Prefix::Parse(kNeighbours)});
  return {near ? "Faultline, of neighbours too" : "Faultline", kCidrs,
          [&node, &kernel, program]() -> absl::Status {
            const testing::InNetns inside(node);
            FAULTLINE_ASSIGN_OR_RETURN(kernel, LinuxKernel::Open());
            FAULTLINE_RETURN_IF_ERROR(kernel->Install(*program));
            const GateOpening open[] = {{0, std::chrono::seconds(300)}};
            return kernel->Switch(program->run, {}, open);
          },
          [&kernel]() -> absl::Status {
            kernel.reset();
            return absl::OkStatus();
          }};
}

std::vector<BesideWay> Ways(const testing::Netns& peer, const testing::Netns& node,
                            std::unique_ptr<LinuxKernel>& kernel) {
  std::vector<BesideWay> ways;
  for (const bool near : {false, true}) ways.push_back(OursBeside(node, kernel, near));
  ways.push_back({"iptables", kRules, Command(node, "iptables-legacy-restore", IptablesText()),
                  Command(node, "iptables-legacy -F")});
  ways.push_back({"root htb + tc u32", kFilters, Command(peer, "tc -batch -", FilterText()),
                  Command(peer, "tc qdisc del dev eth0 root")});
  // As tools do that delay some addresses: the others pass the first band.
  ways.push_back({"root prio + netem", 1,
                  Command(peer, "tc -batch -",
                          "qdisc add dev eth0 root handle 1: prio\n"
                          "qdisc add dev eth0 parent 1:3 handle 30: netem delay 100ms\n"
                          "filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst 10.0.0.0/8 flowid 1:3\n"),
                  Command(peer, "tc qdisc del dev eth0 root")});
  return ways;
}

// In each round the way's figure by that of nothing in the same round.
using Shares = std::map<std::string, std::vector<double>>;

std::string Spread(const std::vector<double>& values) {
  const auto [least, greatest] = std::ranges::minmax_element(values);
  return absl::StrFormat("%.4g to %.4g", *least, *greatest);
}

absl::Status AddBesideRow(const BesideWay& way, const std::vector<Traffic>& with, const std::vector<Traffic>& without,
                          Table& table) {
  std::vector<Cell> row{way.name, static_cast<std::int64_t>(way.rules)};
  for (double Traffic::*figure :
       {&Traffic::packets_per_second, &Traffic::bytes_per_second, &Traffic::round_trip_p50, &Traffic::round_trip_p99}) {
    std::vector<double> values;
    std::vector<double> shares;
    for (std::size_t i = 0; i < with.size(); ++i) {
      values.push_back(with[i].*figure / (figure == &Traffic::bytes_per_second ? 1e6 : 1));
      shares.push_back(with[i].*figure / without[i].*figure * 100);
    }
    row.emplace_back(Median(values));
    row.emplace_back(Median(shares));
    row.emplace_back(Spread(shares));
    if (way.name != "Faultline" || figure == &Traffic::round_trip_p50) continue;
    const bool rate = figure != &Traffic::round_trip_p99;
    const std::string what = figure == &Traffic::packets_per_second ? "packets/s"
                             : rate                                 ? "bytes/s"
                                                                    : "p99 of the round trip";
    table.goals.push_back({absl::StrCat("unrelated ", what, " beside ", way.rules, " CIDRs, of without"),
                           rate ? Goal::Sense::kAtLeast : Goal::Sense::kAtMost, rate ? 98.0 : 102.0, Median(shares),
                           "%"});
  }
  table.rows.push_back(std::move(row));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasureBeside(bool quick) {
  Table table{
      .name = "beside",
      .compares = "what unrelated traffic from one peer achieves while a large fault of others acts",
      .columns = {"fault", "rules", "packets/s", "% of without", "each round", "MB/s by TCP", "% of without ",
                  "each round ", "round trip p50 us", "% of without  ", "each round  ", "round trip p99 us",
                  "% of without   ", "each round   "},
      .rows = {},
      .notes = {"each figure by the same without any fault, in the same round; medians of the rounds",
                "over a veth, whose packets the sender's processor carries to the receiving socket: all that "
                "the rules cost comes off packets/s; an interface of hardware takes longer a packet",
                "of neighbours too: one of the CIDRs is so near to the peer that the run's outline, a few prefixes "
                "that hold all of them, holds the peer as well",
                "the tools have a tenth of the rules, tc a fiftieth: they look at one after the other"}};
  table.bounded_by =
      "A hook that is there costs each packet the run's outline, and one within it the rules for protected traffic, "
      "the gate's lookup and one in the set too: the kernel's interpreter of rules, some tens of ns a rule.";
  const testing::Netns node;
  const testing::Netns peer;
  testing::Wire(node, peer);
  std::unique_ptr<LinuxKernel> kernel;
  std::vector<BesideWay> ways = Ways(peer, node, kernel);
  std::erase_if(ways, [&](const BesideWay& way) {
    const absl::Status begun = way.begin();
    const absl::Status ended = way.end();
    if (!begun.ok())
      table.notes.push_back(absl::StrCat("not compared: ", way.name, ": ", std::string(begun.message())));
    return !begun.ok();
  });
  std::vector<std::vector<Traffic>> with(ways.size());
  std::vector<std::vector<Traffic>> without(ways.size());
  for (int round = 0; round < (quick ? 1 : 5); ++round) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      FAULTLINE_ASSIGN_OR_RETURN(const Traffic free, TrafficBeside(peer, node, quick));
      FAULTLINE_RETURN_IF_ERROR(WithContext(ways[i].begin(), ways[i].name));
      const absl::StatusOr<Traffic> faulty = TrafficBeside(peer, node, quick);
      FAULTLINE_RETURN_IF_ERROR(WithContext(ways[i].end(), ways[i].name));
      FAULTLINE_RETURN_IF_ERROR(faulty.status());
      without[i].push_back(free);
      with[i].push_back(*faulty);
    }
  }
  for (std::size_t i = 0; i < ways.size(); ++i) {
    FAULTLINE_RETURN_IF_ERROR(AddBesideRow(ways[i], with[i], without[i], table));
  }
  return table;
}

}  // namespace faultline::bench
