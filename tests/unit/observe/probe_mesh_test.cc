#include "agent/observe/probe_mesh.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/unit/observe/mesh_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

TEST(ProbeMeshTest, CountsAddressesAsTargets) { EXPECT_EQ(SampleMesh().TargetCount(), 3u); }

TEST(ProbeMeshTest, AcceptsASoundMesh) {
  EXPECT_TRUE(CheckProbeMesh(SampleMesh()).ok()) << CheckProbeMesh(SampleMesh());
  ProbeMesh alone = SampleMesh();
  alone.peers.clear();
  EXPECT_TRUE(CheckProbeMesh(alone).ok());
}

struct BadMesh {
  std::string name;
  std::function<void(ProbeMesh&)> spoil;
  std::string message;
};

void PrintTo(const BadMesh& bad, std::ostream* out) { *out << bad.name; }

class BadMeshTest : public ::testing::TestWithParam<BadMesh> {};

TEST_P(BadMeshTest, IsRefusedByItsRule) {
  ProbeMesh mesh = SampleMesh();
  GetParam().spoil(mesh);
  const absl::Status status = CheckProbeMesh(mesh);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    , BadMeshTest,
    ::testing::Values(
        BadMesh{"NoPort", [](ProbeMesh& mesh) { mesh.port = 0; }, "probe port 0"},
        BadMesh{"NoInterval", [](ProbeMesh& mesh) { mesh.interval = seconds(0); }, "probe interval 0s is not within"},
        BadMesh{"LongInterval", [](ProbeMesh& mesh) { mesh.interval = seconds(61); }, "probe interval 1m1s"},
        BadMesh{"NegativeWindow", [](ProbeMesh& mesh) { mesh.window = seconds(-1); }, "probe window -1s"},
        BadMesh{"BadName", [](ProbeMesh& mesh) { mesh.peers[0].name = NodeName("a b"); }, "name of a probe peer"},
        BadMesh{"SameName", [](ProbeMesh& mesh) { mesh.peers[1].name = mesh.peers[0].name; }, "par-1 is given twice"},
        BadMesh{"SameNumber", [](ProbeMesh& mesh) { mesh.peers[1].id = 2; }, "par-2: number 2 is another node's"},
        BadMesh{"OwnNumber", [](ProbeMesh& mesh) { mesh.peers[0].id = 1; }, "par-1: number 1 is another node's"},
        BadMesh{"Ipv6AsIpv4", [](ProbeMesh& mesh) { mesh.peers[0].ipv4 = Address("fd21::1"); }, "is no IPv4 address"},
        BadMesh{"Ipv4AsIpv6", [](ProbeMesh& mesh) { mesh.peers[0].ipv6 = Address("10.0.0.1"); }, "is no IPv6 address"},
        BadMesh{"NoKey", [](ProbeMesh& mesh) { mesh.keys.clear(); }, "it is older than this agent; upgrade it"},
        BadMesh{"ManyKeys", [](ProbeMesh& mesh) { mesh.keys.resize(5); }, "5 keys of probes are more than 4"},
        BadMesh{"TooFast", [](ProbeMesh& mesh) { mesh.interval = milliseconds(14); },
                "3 probes every 14ms are more than 200 a second, the most a node sends; an interval of 15ms or more"}),
    [](const ::testing::TestParamInfo<BadMesh>& bad) { return bad.param.name; });

TEST(ProbeMeshTest, TheFastestAllowedIsAllowed) {
  ProbeMesh mesh = SampleMesh();
  mesh.interval = milliseconds(15);
  EXPECT_TRUE(CheckProbeMesh(mesh).ok());
}

TEST(ProbeMeshTest, RefusesTooManyPeers) {
  ProbeMesh mesh = SampleMesh();
  mesh.peers.clear();
  for (std::uint32_t i = 0; i <= kMostMeshPeers; ++i) {
    mesh.peers.push_back({.name = NodeName(absl::StrCat("node-", i)), .id = i + 10});
  }
  EXPECT_THAT(std::string(CheckProbeMesh(mesh).message()), HasSubstr("1001 probe peers are more than 1000"));
}

}  // namespace
}  // namespace faultline
