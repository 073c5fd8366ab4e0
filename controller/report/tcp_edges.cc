#include "controller/report/tcp_edges.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/program/always_protected.h"
#include "controller/compile/lot.h"
#include "controller/compile/packet.h"

namespace faultline {
namespace {

// Where Linux takes the port from that a connection comes from, unless it is told otherwise.
constexpr int kFirstOwnPort = 32'768;
constexpr int kLastOwnPort = 60'999;
// Of these so few may be named by a fault that an attempt which meets it passes for the one that is lost by chance.
constexpr int kMostOwnPortsNamed = (kLastOwnPort - kFirstOwnPort + 1) / 100;

using Ports = std::vector<PortRange>;

std::vector<const Ports*> PortListsOf(const PacketFilter& filter) {
  return {&filter.destination_ports, &filter.source_ports, &filter.either_ports};
}

// Whether its fault is about some TCP ports only.
bool NamesTcpPorts(const Step& step) {
  const PacketFilter& filter = step.filter;
  if (filter.protocol != Protocol::kAny && filter.protocol != Protocol::kTcp) return false;
  return std::ranges::any_of(PortListsOf(filter), [](const Ports* ports) { return !ports->empty(); });
}

std::vector<Step> StepsWithPorts(const std::map<NodeName, Timeline>& timelines) {
  std::vector<Step> steps;
  if (timelines.empty()) return steps;
  // Every node has every step.
  std::ranges::copy_if(timelines.begin()->second.steps, std::back_inserter(steps), NamesTcpPorts);
  return steps;
}

int OwnPortsIn(const Ports& ports) {
  int count = 0;
  for (const PortRange& range : ports) {
    count += std::max(0, std::min<int>(range.last, kLastOwnPort) - std::max<int>(range.first, kFirstOwnPort) + 1);
  }
  return count;
}

// Whether it makes a difference from which port a connection comes.
bool DependsOnOwnPort(const Step& step) {
  std::vector<const Ports*> lists = PortListsOf(step.filter);
  lists.push_back(&step.filter.except_ports);
  return std::ranges::any_of(lists, [](const Ports* ports) {
    const int named = OwnPortsIn(*ports);
    return named > kMostOwnPortsNamed && named < kLastOwnPort - kFirstOwnPort + 1;
  });
}

// One that no fault names, unless it names all.
std::uint16_t OwnPort(const std::map<NodeName, Timeline>& timelines) {
  const auto named = [&timelines](int port) {
    if (timelines.empty()) return false;
    return std::ranges::any_of(timelines.begin()->second.steps, [port](const Step& step) {
      std::vector<const Ports*> lists = PortListsOf(step.filter);
      lists.push_back(&step.filter.except_ports);
      return std::ranges::any_of(lists, [port](const Ports* ports) {
        return std::ranges::any_of(
            *ports, [port](const PortRange& range) { return range.first <= port && port <= range.last; });
      });
    });
  };
  int port = kFirstOwnPort;
  while (port < kLastOwnPort && named(port)) ++port;
  return static_cast<std::uint16_t>(port);
}

// As many of the items as `most`, drawn by lot, in their order; all when there are no more.
template <typename Item>
std::vector<Item> DrawItems(std::uint64_t seed, const std::string& purpose, const std::vector<Item>& items,
                            const std::vector<std::string>& names, std::size_t most) {
  if (items.size() <= most) return items;
  std::vector<std::size_t> order = DrawOrder(seed, purpose, {names.begin(), names.end()});
  order.resize(most);
  std::ranges::sort(order);
  std::vector<Item> drawn;
  for (const std::size_t place : order) drawn.push_back(items[place]);
  return drawn;
}

std::vector<std::uint16_t> PortsToDial(std::span<const Step> steps, std::uint64_t seed, TcpEdges& found) {
  std::set<std::uint16_t> named;
  for (const Step& step : steps) {
    for (const Ports* ports : PortListsOf(step.filter)) {
      for (const PortRange& range : *ports) {
        for (int port = range.first; port <= range.last; ++port) named.insert(static_cast<std::uint16_t>(port));
      }
    }
  }
  for (const std::uint16_t port : kProtectedTcpPorts) named.erase(port);
  const std::vector<std::uint16_t> all(named.begin(), named.end());
  std::vector<std::string> names;
  for (const std::uint16_t port : all) names.push_back(absl::StrCat(port));
  if (all.size() > kMostTcpPorts) {
    found.left_out.push_back(absl::StrCat("of the ", all.size(), " TCP ports that faults name, connections to ",
                                          kMostTcpPorts, " are tried, drawn by lot"));
  }
  return DrawItems(seed, "tcp ports", all, names, kMostTcpPorts);
}

std::string NameOf(const TcpEdge& edge) {
  return absl::StrCat(edge.to.text(), " ", edge.port, edge.family == Family::kIpv4 ? " IPv4" : " IPv6");
}

std::vector<TcpEdge> DrawTcpEdges(std::uint64_t seed, const std::set<TcpEdge>& all, TcpEdges& found) {
  std::vector<TcpEdge> drawn;
  for (auto edge = all.begin(); edge != all.end();) {
    const NodeName from = edge->from;
    std::vector<TcpEdge> own;
    std::vector<std::string> names;
    for (; edge != all.end() && edge->from == from; ++edge) {
      own.push_back(*edge);
      names.push_back(NameOf(*edge));
    }
    std::ranges::move(DrawItems(seed, absl::StrCat("tcp of ", from.text()), own, names, kMostTcpEdgesPerNode),
                      std::back_inserter(drawn));
  }
  if (drawn.size() < all.size()) {
    found.left_out.push_back(absl::StrCat("of ", all.size(), " connections to the ports that faults name, ",
                                          drawn.size(), " are tried, at most ", kMostTcpEdgesPerNode,
                                          " by a node, drawn by lot"));
  }
  return drawn;
}

void AddEdges(const ProbeNode& from, const ProbeNode& to, Family family, const TcpPaths& paths,
              std::span<const std::uint16_t> ports, std::span<const StepIndex> steps, std::set<TcpEdge>& edges) {
  for (const std::uint16_t port : ports) {
    const Acting acting = paths.ActingOn(from, to, port, family, steps);
    if (acting.Acts()) {
      edges.insert({.from = from.name, .to = to.name, .port = port, .family = family});
      edges.insert({.from = to.name, .to = from.name, .port = port, .family = family});
    } else if (!acting.unseen) {
      // No rule is between these two, whatever the port.
      return;
    }
  }
}

}  // namespace

TcpPaths::TcpPaths(const std::map<NodeName, Timeline>& timelines)
    : timelines_(timelines), own_port_(OwnPort(timelines)) {}

Acting TcpPaths::ActingOn(const ProbeNode& from, const ProbeNode& to, std::uint16_t port, Family family,
                          std::span<const StepIndex> active) const {
  Acting acting;
  const auto sender = timelines_.find(from.name);
  const auto receiver = timelines_.find(to.name);
  if (sender == timelines_.end() || receiver == timelines_.end()) return acting;
  const RunEnds ends = {.sender = &sender->second, .receiver = &receiver->second};
  const Packet asks = {.source = *from.Address(family),
                       .destination = *to.Address(family),
                       .protocol = Protocol::kTcp,
                       .source_port = own_port_,
                       .destination_port = port,
                       .connection = Connection::kNew,
                       .out_interface = from.Interface(family),
                       .in_interface = to.Interface(family)};
  const Packet answers = {.source = asks.destination,
                          .destination = asks.source,
                          .protocol = Protocol::kTcp,
                          .source_port = asks.destination_port,
                          .destination_port = asks.source_port,
                          .connection = Connection::kEstablished,
                          .out_interface = asks.in_interface,
                          .in_interface = asks.out_interface};
  AddActing(ends, asks, active, acting);
  AddActingOnAnswer(ends, answers, active, acting);
  return acting;
}

TcpEdges TcpEdgesOf(std::span<const ProbeNode> nodes, const std::map<NodeName, Timeline>& timelines) {
  TcpEdges found;
  const std::vector<Step> steps = StepsWithPorts(timelines);
  for (const Step& step : timelines.empty() ? std::vector<Step>() : timelines.begin()->second.steps) {
    if (steps.empty() || !DependsOnOwnPort(step)) continue;
    found.left_out.push_back(absl::StrCat("step ", step.name, " names some of the ports that connections come from (",
                                          kFirstOwnPort, " to ", kLastOwnPort, "): none are tried"));
    return found;
  }
  if (steps.empty()) return found;
  const std::uint64_t seed = timelines.begin()->second.seed;
  const std::vector<std::uint16_t> ports = PortsToDial(steps, seed, found);
  std::vector<StepIndex> indices;
  for (const Step& step : steps) indices.push_back(step.index);
  const TcpPaths paths(timelines);
  std::set<TcpEdge> all;
  for (const ProbeNode& from : nodes) {
    for (const ProbeNode& to : nodes) {
      for (const Family family : {Family::kIpv4, Family::kIpv6}) {
        if (from.name == to.name || !from.Address(family) || !to.Address(family)) continue;
        AddEdges(from, to, family, paths, ports, indices, all);
      }
    }
  }
  found.edges = DrawTcpEdges(seed, all, found);
  return found;
}

}  // namespace faultline
