// Any bytes as a plan: they are read without a crash, and what reads without an error compiles into timelines that
// agents accept, or into errors.

#include <cstddef>
#include <cstdint>

#include "common/document/document.h"
#include "controller/compile/compiler.h"
#include "controller/compile/predict.h"
#include "controller/plan/plan_yaml.h"
#include "tests/fuzz/require.h"

namespace faultline {
namespace {

InventoryNode NodeOf(const char* name, std::initializer_list<const char*> addresses, const char* region) {
  InventoryNode node;
  node.name = NodeName(name);
  for (const char* address : addresses) node.addresses.push_back(IpAddress::Parse(address).value());
  node.labels = {{"region", region}, {"az", std::string(region) + name[4]}};
  node.can_blackhole = node.name.text() != "par-b";
  return node;
}

const Inventory& Fleet() {
  static const auto& fleet =
      *new Inventory{{NodeOf("lon-a", {"172.32.15.231", "fd20::1"}, "eu-west-2"),
                      NodeOf("lon-b", {"172.32.4.2", "172.17.0.1"}, "eu-west-2"),
                      NodeOf("par-a", {"172.33.11.90", "fd21::1"}, "eu-west-3"),
                      NodeOf("par-b", {"172.33.8.38", "172.17.0.1"}, "eu-west-3"), NodeOf("bare", {}, "eu-west-1")}};
  return fleet;
}

void CheckErrors(const std::vector<TextError>& errors) {
  SourcePosition last{0, 0};
  for (const TextError& error : errors) {
    FAULTLINE_REQUIRE(!error.message.empty() && !FindBadText(error.message));
    FAULTLINE_REQUIRE(error.message.find('\n') == std::string::npos);
    FAULTLINE_REQUIRE(std::pair(error.position.line, error.position.column) >= std::pair(last.line, last.column));
    last = error.position;
  }
}

void CheckTimelines(const Compiled& compiled) {
  for (const Timeline& timeline : compiled.timelines) {
    FAULTLINE_REQUIRE(CheckTimeline(timeline).ok());
    FAULTLINE_REQUIRE(!StagesOf(timeline).empty());
    const IpAddress& own = Fleet().nodes[0].addresses[0];
    FAULTLINE_REQUIRE(Reaches(&timeline, own, &timeline, own, std::vector<StepIndex>{0}));
    for (const Step& step : timeline.steps) {
      for (const Block& block : step.blocks) FAULTLINE_REQUIRE(!DescribeBlock(block, timeline).empty());
      if (step.index > 10) break;
    }
  }
}

void Check(absl::string_view text) {
  const ParsedPlan parsed = ParsePlan(text);
  CheckErrors(parsed.errors);
  for (const TextError& error : parsed.errors) FAULTLINE_REQUIRE(error.position.line > 0 && error.position.column > 0);
  if (!parsed.errors.empty()) return;
  FAULTLINE_REQUIRE(!parsed.plan.steps.empty() && !parsed.plan.groups.empty());
  CompileOptions options;
  options.run = RunId("run");
  const Compiled compiled = CompilePlan(parsed.plan, Fleet(), options);
  CheckErrors(compiled.errors);
  FAULTLINE_REQUIRE(compiled.timelines.size() == (compiled.errors.empty() ? Fleet().nodes.size() : 0));
  CheckTimelines(compiled);
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::Check(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
