#include "agent/observe/tcp_mesh.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/observe/tcp_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(TcpMeshTest, OrdinaryOnesAreFine) {
  EXPECT_EQ(CheckTcpMesh(SampleTcpMesh()), absl::OkStatus());
  EXPECT_EQ(CheckTcpMesh({}), absl::OkStatus());
}

TEST(TcpMeshTest, EveryRuleIsKept) {
  struct {
    const char* message;
    std::function<void(TcpMesh&)> change;
  } const cases[] = {
      {"TCP interval 9ms is not within 10ms..1m", [](TcpMesh& mesh) { mesh.interval = milliseconds(9); }},
      {"TCP timeout 951ms is not within 10ms..950ms", [](TcpMesh& mesh) { mesh.timeout = milliseconds(951); }},
      {"TCP window 0s is not within 10ms..1m", [](TcpMesh& mesh) { mesh.window = Duration(0); }},
      {"TCP duty 0s is not within", [](TcpMesh& mesh) { mesh.lasts = Duration(0); }},
      {"name of a TCP peer", [](TcpMesh& mesh) { mesh.targets[0].peer = NodeName(""); }},
      {"TCP port 0 of par-1: there is no such port", [](TcpMesh& mesh) { mesh.targets[1].port = 0; }},
      {"TCP port 3002 of par-1: there is no own address of its IP version",
       [](TcpMesh& mesh) { mesh.own_ipv6.reset(); }},
      {"TCP port 3001 of par-1 is given twice", [](TcpMesh& mesh) { mesh.targets[1] = mesh.targets[0]; }},
      {"there is no TCP port 0 to be dialled on", [](TcpMesh& mesh) { mesh.dialled_ports.push_back(0); }},
      {"2 TCP attempts every 49ms are more than 40 a second", [](TcpMesh& mesh) { mesh.interval = milliseconds(49); }},
      {"more than 1000 TCP targets or 256 dialled ports", [](TcpMesh& mesh) { mesh.dialled_ports.resize(257, 1); }},
  };
  for (const auto& bad : cases) {
    TcpMesh mesh = SampleTcpMesh();
    bad.change(mesh);
    const absl::Status status = CheckTcpMesh(mesh);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(bad.message));
  }
}

}  // namespace
}  // namespace faultline
