#pragma once

#include "agent/observe/tcp_mesh.h"
#include "tests/unit/observe/mesh_samples.h"

namespace faultline {

// Two targets, one of each IP version; passes CheckTcpMesh.
inline TcpMesh SampleTcpMesh() {
  return {.own_ipv4 = Address("172.32.0.1"),
          .own_ipv6 = Address("fd20::1"),
          .interval = std::chrono::milliseconds(500),
          .timeout = std::chrono::milliseconds(900),
          .window = std::chrono::milliseconds(100),
          .lasts = std::chrono::minutes(1),
          .targets = {{.peer = NodeName("par-1"), .address = Address("172.33.11.90"), .port = 3001},
                      {.peer = NodeName("par-1"), .address = Address("fd21::1"), .port = 3002}},
          .dialled_ports = {3001}};
}

}  // namespace faultline
