#pragma once

#include "agent/observe/probe_mesh.h"

namespace faultline {

// Keys of probes: all bytes are that.
inline PacketMac::Key KeyOf(std::uint8_t byte) {
  PacketMac::Key key;
  key.fill(byte);
  return key;
}

inline IpAddress Address(absl::string_view text) { return IpAddress::Parse(text).value(); }

// Two peers, one with both IP versions; passes CheckProbeMesh.
inline ProbeMesh SampleMesh() {
  return {.token = 0xfedcba9876543210,
          .self_id = 1,
          .port = 7401,
          .interval = std::chrono::milliseconds(200),
          .window = std::chrono::milliseconds(100),
          .peers = {{.name = NodeName("par-1"), .id = 2, .ipv4 = Address("172.33.11.90"), .ipv6 = Address("fd21::1")},
                    {.name = NodeName("par-2"), .id = 3, .ipv4 = Address("172.33.8.38")}},
          .keys = {KeyOf('a'), KeyOf('b')}};
}

}  // namespace faultline
