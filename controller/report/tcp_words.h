#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "faultline/v1/run.pb.h"

namespace faultline {

// What was planned of a connection: "open", "cut", "refused", "with 80ms of delay".
std::string PlannedText(const v1::TcpVerdict& edge);

// How its attempts ended: "4 connected", "3 refused, 1 timed out", "no attempt".
std::string AttemptsText(const v1::TcpVerdict& edge);

// What was planned and what was seen: "lon-1 → par-1 port 3001 (IPv4) was planned cut but of its attempts 4 connected".
std::string DescribeConnection(const v1::TcpVerdict& edge);

// Connections of the stage that were not observed as planned.
int WrongConnections(const v1::StageVerdict& stage);

// Those of a stage that go to one port and have the same planned.
struct TcpGroup {
  std::uint32_t port = 0;
  std::string planned;
  std::size_t connections = 0;
  // Of these.
  std::size_t wrong = 0;
  std::size_t unknown = 0;
  // How all their attempts ended.
  v1::TcpVerdict attempts;

  // "as planned", "NOT as planned: 2", "as planned; 3 not known", "not known".
  std::string Result() const;
};

// By port, then in the order in which they come. Pure.
std::vector<TcpGroup> TcpGroupsOf(const v1::StageVerdict& stage);

}  // namespace faultline
