#include <algorithm>

#include "controller/report/tcp_config.h"
#include "controller/run/coordinator.h"
#include "controller/run/waits.h"

namespace faultline {
namespace {

std::set<NodeName> EndsOf(const std::vector<TcpEdge>& edges) {
  std::set<NodeName> nodes;
  for (const TcpEdge& edge : edges) nodes.insert({edge.from, edge.to});
  return nodes;
}

}  // namespace

void Coordinator::FindConnections(ActiveRun& run) {
  if (!options_.tcp_probes) return;
  TcpEdges found = TcpEdgesOf(run.nodes, run.timelines);
  run.tcp = std::move(found.edges);
  for (std::string& warning : found.left_out) run.record.add_warnings(std::move(warning));
}

void Coordinator::StartDialling(ActiveRun& run) {
  if (run.tcp.empty()) return;
  run.dialling = true;
  run.dial_until = run.deadline + run.timelines.begin()->second.length + options_.lease + kGivingUpAfterLease +
                   run.observations.LongestTimeout() + PatienceOf(run.record).value_or(Duration(0));
  SendTcpConfigs(EndsOf(run.tcp));
}

void Coordinator::KeepDialling(const ActiveRun& run) {
  if (run.dialling) SendTcpConfigs(EndsOf(run.tcp));
}

void Coordinator::StopDialling(ActiveRun& run) {
  if (!run.dialling) return;
  run.dialling = false;
  SendTcpConfigs(EndsOf(run.tcp));
}

void Coordinator::SendTcpConfigs(const std::set<NodeName>& nodes) {
  std::set<TcpEdge> edges;
  std::map<NodeName, ProbeNode> known;
  ControllerTime until = Now();
  for (const auto& [id, run] : runs_) {
    if (!run.dialling) continue;
    edges.insert(run.tcp.begin(), run.tcp.end());
    for (const ProbeNode& node : run.nodes) known[node.name] = node;
    until = std::max(until, run.dial_until);
  }
  for (const NodeName& node : nodes) {
    v1::SessionResponse message;
    *message.mutable_tcp_probe_config() = MakeTcpConfig(node, edges, known, tcp_log_.window(), until - Now());
    fleet_.Send(node, message);
  }
}

}  // namespace faultline
