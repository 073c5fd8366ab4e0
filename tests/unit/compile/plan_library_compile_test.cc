// The plans that are shipped, compiled for a small fleet.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "controller/compile/predict.h"
#include "controller/plan/plan_yaml.h"
#include "tests/unit/compile/fleet_builder.h"

namespace faultline {
namespace {

using ::testing::IsEmpty;
using testing_support::Ip;
using testing_support::LondonAndParis;

Compiled CompileLibraryPlan(const std::string& name, const Inventory& inventory) {
  const ParsedPlan parsed = ParsePlan(ReadFile(absl::StrCat(FAULTLINE_SOURCE_DIR "/plans/", name, ".yaml")).value());
  EXPECT_THAT(parsed.errors, IsEmpty()) << JoinErrors(parsed.errors, name);
  Compiled compiled = CompilePlan(parsed.plan, inventory, testing_support::Options());
  EXPECT_THAT(compiled.errors, IsEmpty()) << JoinErrors(compiled.errors, name);
  return compiled;
}

// Whether a packet of a client without an agent reaches a node (by its place) while the plan's first step acts.
bool Arrives(const Compiled& compiled, std::size_t node, Packet packet) {
  const Timeline& timeline = compiled.timelines.at(node);
  return Predict(nullptr, &timeline, packet, StagesOf(timeline).at(1)).arrives > 0;
}

Packet ToPort(const char* from, const char* to, std::uint16_t port) {
  return {.source = Ip(from),
          .destination = Ip(to),
          .protocol = Protocol::kTcp,
          .source_port = 40'000,
          .destination_port = port};
}

TEST(PlanLibraryTest, DnsFailoverShutsOutClientsWithoutAnAgent) {
  const Compiled compiled = CompileLibraryPlan("dns-failover", LondonAndParis());
  EXPECT_FALSE(Arrives(compiled, 0, ToPort("203.0.113.9", "172.32.4.2", 443)));
  EXPECT_FALSE(Arrives(compiled, 0, ToPort("2001:db8::9", "fd20::1", 80)));
  EXPECT_FALSE(Arrives(compiled, 0, ToPort("172.33.8.38", "172.32.4.2", 80)));
  EXPECT_TRUE(Arrives(compiled, 0, ToPort("172.32.5.239", "172.32.4.2", 80))) << "within London";
  EXPECT_TRUE(Arrives(compiled, 0, ToPort("203.0.113.9", "172.32.4.2", 3000)));
  EXPECT_TRUE(Arrives(compiled, 2, ToPort("203.0.113.9", "172.33.8.38", 443)));
}

TEST(PlanLibraryTest, HealthCheckOnlyShutsOutLoadBalancersWithoutAnAgent) {
  const Compiled compiled = CompileLibraryPlan("health-check-only", LondonAndParis());
  EXPECT_FALSE(Arrives(compiled, 0, ToPort("10.1.2.3", "172.32.4.2", 80)));
  EXPECT_TRUE(Arrives(compiled, 0, ToPort("172.33.8.38", "172.32.4.2", 80))) << "zone a of Paris is of it too";
  EXPECT_FALSE(Arrives(compiled, 0, ToPort("172.32.5.239", "172.32.4.2", 80)));
  EXPECT_TRUE(Arrives(compiled, 1, ToPort("10.1.2.3", "172.32.5.239", 80)));
}

}  // namespace
}  // namespace faultline
