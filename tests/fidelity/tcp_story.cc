#include <sys/socket.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <functional>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "agent/kernel/linux_kernel.h"
#include "common/status.h"
#include "tests/fidelity/bed.h"
#include "tests/fidelity/measures.h"
#include "tests/fidelity/routed_bed.h"
#include "tests/fidelity/statistics.h"
#include "tests/fidelity/tcp_streams.h"
#include "tests/support/udp.h"

namespace faultline::fidelity {
namespace {

using std::chrono::milliseconds;

// The application writes a line this often; the cut lasts; then data must flow again.
constexpr Duration kEvery = milliseconds(100);
constexpr Duration kCut = milliseconds(5000);
constexpr Duration kPatience = std::chrono::seconds(20);
constexpr Duration kTcpTick = milliseconds(1);

// Both timers of the kernel and those who read them are late by some.
constexpr double kStoryRelative = 0.1;
constexpr double kStoryAbsolute = 0.05;

bool Alike(double a, double b) { return std::abs(a - b) <= kStoryRelative * std::max(a, b) + kStoryAbsolute; }

struct Story {
  // Seconds after the cut at which TCP sent again what was not acknowledged, or tried to.
  std::vector<double> retransmissions;
  // Packets of the connection that left the client's host during the cut.
  std::uint64_t on_wire = 0;
  // Seconds after the cut at which it was healed, and at which the server had data again.
  double healed = 0;
  double flows = 0;
  // What send() of a datagram said during the cut.
  int udp_error = 0;

  bool Like(const Story& other) const {
    if (retransmissions.size() != other.retransmissions.size()) return false;
    for (std::size_t i = 0; i < retransmissions.size(); ++i) {
      if (!Alike(retransmissions[i], other.retransmissions[i])) return false;
    }
    return Alike(flows, other.flows) && udp_error == other.udp_error;
  }

  std::string Text() const {
    const auto seconds = [](std::string* text, double time) { absl::StrAppendFormat(text, "%.2f", time); };
    const std::string again = retransmissions.empty()
                                  ? "never again"
                                  : absl::StrCat("again at ", absl::StrJoin(retransmissions, " ", seconds));
    return absl::StrFormat("sends %s; %d packets on the wire; flows at %.2f, healed at %.2f; UDP send(): %s", again,
                           on_wire, flows, healed, udp_error == 0 ? "ok" : strerrorname_np(udp_error));
  }
};

// What stands between the two for as long as it lives.
using Cut = std::function<absl::StatusOr<std::shared_ptr<void>>()>;

absl::StatusOr<std::uint64_t> PacketsOnWire(const RoutedBed& bed) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, Run(bed.router(), "nft list chain netdev wire in"));
  const std::size_t at = text.find("packets ");
  const std::string rest = at == std::string::npos ? "" : text.substr(at + 8);
  std::uint64_t packets = 0;
  if (!absl::SimpleAtoi(rest.substr(0, rest.find(' ')), &packets)) return absl::InternalError("no counter of packets");
  return packets;
}

void Write(const TcpPair& pair) { send(pair.client.get(), "line\n", 5, MSG_NOSIGNAL); }

bool Read(const TcpPair& pair) {
  char data[4096];
  bool any = false;
  while (recv(pair.server.get(), data, sizeof(data), 0) > 0) any = true;
  return any;
}

absl::StatusOr<Story> Tell(const RoutedBed& bed, const Cut& cut) {
  FAULTLINE_ASSIGN_OR_RETURN(const TcpPair pair, ConnectTcp(bed.client(), bed.server(), RoutedBed::kServer));
  testing::UdpSocket udp(bed.client(), RoutedBed::kClient, 0);
  Story story;
  // Some lines, so that TCP knows the round trip.
  MonotonicTime now = SystemClock().Now();
  for (int i = 0; i < 10; ++i) {
    Write(pair);
    now += kEvery;
    std::this_thread::sleep_until(ToSteady(now));
  }
  Read(pair);
  FAULTLINE_ASSIGN_OR_RETURN(std::shared_ptr<void> active, cut());
  FAULTLINE_ASSIGN_OR_RETURN(const std::uint64_t wire_before, PacketsOnWire(bed));
  const MonotonicTime start = SystemClock().Now();
  std::uint32_t known = ReadTcpInfo(pair.client).retransmissions;
  MonotonicTime next_line = start;
  MonotonicTime healed = start + kPatience;
  story.udp_error = udp.SendTo(RoutedBed::kServer, 3000, "line");
  for (now = start; now < healed + kPatience; now = SystemClock().Now()) {
    if (now >= next_line) {
      Write(pair);
      next_line += kEvery;
    }
    if (active != nullptr) {
      const std::uint32_t again = ReadTcpInfo(pair.client).retransmissions;
      if (again != known && now < start + kCut) {
        known = again;
        story.retransmissions.push_back(Seconds(now - start));
      }
      if (Read(pair)) return absl::InternalError("data came through the cut");
      if (now >= start + kCut) {
        FAULTLINE_ASSIGN_OR_RETURN(const std::uint64_t wire_after, PacketsOnWire(bed));
        story.on_wire = wire_after - wire_before;
        active.reset();
        healed = SystemClock().Now();
        story.healed = Seconds(healed - start);
      }
    } else if (Read(pair)) {
      story.flows = Seconds(SystemClock().Now() - start);
      return story;
    }
    std::this_thread::sleep_until(ToSteady(now + kTcpTick));
  }
  return absl::InternalError("the connection did not live on");
}

absl::StatusOr<Program> BlockProgram(const std::string& network, bool incoming) {
  FAULTLINE_ASSIGN_OR_RETURN(const Prefix prefix, Prefix::Parse(network));
  Program program{.devices = {"eth0"}, .prefix_sets = {PrefixSet({prefix})}};
  program.steps = {{}};
  if (incoming) {
    program.steps[0].incoming = {{.sources = 0}};
  } else {
    program.steps[0].outgoing = {{.destinations = 0}};
  }
  return program;
}

absl::StatusOr<std::unique_ptr<LinuxKernel>> OpenIn(const testing::Netns& netns) {
  const testing::InNetns inside(netns);
  return LinuxKernel::Open();
}

}  // namespace

absl::StatusOr<measure::Table> MeasureTcp(bool) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<RoutedBed> bed, RoutedBed::Make());
  for (const char* command : {"nft add table netdev wire",
                              "nft add chain netdev wire in { type filter hook ingress device client priority 0 ; }",
                              "nft add rule netdev wire in meta l4proto tcp counter", "nft add table ip cut",
                              "nft add chain ip cut forward { type filter hook forward priority 0 ; }"}) {
    FAULTLINE_RETURN_IF_ERROR(Run(bed->router(), command).status());
  }
  FAULTLINE_ASSIGN_OR_RETURN(const auto at_server, OpenIn(bed->server()));
  FAULTLINE_ASSIGN_OR_RETURN(const auto at_client, OpenIn(bed->client()));
  const OnOneCpu one_cpu;

  FAULTLINE_ASSIGN_OR_RETURN(const Story truth, Tell(*bed, [&]() -> absl::StatusOr<std::shared_ptr<void>> {
                               return Tool::Start(bed->router(), "nft add rule ip cut forward iifname client drop",
                                                  "nft flush chain ip cut forward");
                             }));
  FAULTLINE_ASSIGN_OR_RETURN(const Story iptables, Tell(*bed, [&]() -> absl::StatusOr<std::shared_ptr<void>> {
                               const std::string rule =
                                   absl::StrCat("OUTPUT -d ", RoutedBed::kServerNetwork, " -j DROP");
                               return Tool::Start(bed->client(), "iptables -A " + rule, "iptables -D " + rule);
                             }));
  measure::Table table = MakeTable(
      "tcp",
      "An established connection that writes a line every 100 ms is cut one way for 5 s: when TCP sends again, and "
      "when data flows after the heal.");
  FAULTLINE_ASSIGN_OR_RETURN(const CapabilitySet capabilities, at_client->Probe());
  const bool sender = capabilities.Has(Capability::kEgressHook) && capabilities.Has(Capability::kBlackholeLane);
  for (const bool incoming : {true, false}) {
    if (!incoming && !sender) continue;
    FAULTLINE_ASSIGN_OR_RETURN(
        const Program program,
        BlockProgram(incoming ? RoutedBed::kClientNetwork : RoutedBed::kServerNetwork, incoming));
    FAULTLINE_ASSIGN_OR_RETURN(const Story ours, Tell(*bed, [&]() -> absl::StatusOr<std::shared_ptr<void>> {
                                 return Fault::Start(incoming ? *at_server : *at_client, program);
                               }));
    AddRow(table, {.what = incoming ? "block at the receiver" : "block at the sender",
                   .asked = incoming ? absl::StrCat("as a router's cut: ", truth.Text()) : "as above",
                   .observed = ours.Text(),
                   .bound = "as often; times within 10 % and 50 ms",
                   .holds = ours.Like(truth),
                   .beside = incoming ? absl::StrCat("iptables OUTPUT: ", iptables.Text()) : "as above"});
  }
  return table;
}

}  // namespace faultline::fidelity
