#pragma once

#include <map>
#include <set>

#include "common/clock.h"
#include "common/name.h"
#include "controller/report/probe_config.h"
#include "controller/report/tcp_edges.h"
#include "faultline/v1/observation.pb.h"

namespace faultline {

// Time between two attempts of an edge; of a node with many targets it is longer, so that it never makes more attempts
// a second than agents accept (40).
inline constexpr Duration kTcpInterval = std::chrono::milliseconds(500);
// How long an attempt waits for its answer. TCP asks again after a second: so each attempt is one packet and its
// answer.
inline constexpr Duration kTcpTimeout = std::chrono::milliseconds(900);

// A node's part in dialling these edges: those from it for which both nodes have an address, and the ports of those to
// it; empty when it has none. `nodes`: by name, of all that the edges name. Pure.
v1::TcpProbeConfig MakeTcpConfig(const NodeName& node, const std::set<TcpEdge>& edges,
                                 const std::map<NodeName, ProbeNode>& nodes, Duration window, Duration lasts);

}  // namespace faultline
