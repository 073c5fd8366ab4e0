// Any bytes as a plan: they are read without a crash, and what reads without an error can be carried out, and compiles
// into timelines that agents accept, or into errors. And any bytes as a file of samples.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "common/document/document.h"
#include "common/name.h"
#include "controller/compile/compiler.h"
#include "controller/compile/describe.h"
#include "controller/compile/packet.h"
#include "controller/compile/predict.h"
#include "controller/plan/plan_yaml.h"
#include "controller/plan/samples.h"
#include "tests/fuzz/require.h"

namespace faultline {
namespace {

InventoryNode NodeOf(const char* name, std::initializer_list<const char*> addresses, const char* region) {
  InventoryNode node;
  node.name = NodeName(name);
  for (const char* address : addresses) node.addresses.push_back(IpAddress::Parse(address).value());
  node.labels = {{"region", region}, {"az", std::string(region) + name[4]}};
  for (const IpAddress& address : node.addresses) node.interfaces[address] = "eth0";
  node.has = CapabilitySet::All();
  if (node.name.text() == "par-b") node.has.Set(Capability::kBlackholeLane, false);
  if (node.name.text() == "lon-b") node.has.Set(Capability::kNetem, false);
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

// What the reader accepts can be carried out, as far as one step alone can say.
void CheckSteps(const Plan& plan) {
  for (const PlanStep& step : plan.steps) {
    FAULTLINE_REQUIRE(step.length >= kShortestStep && step.at >= Duration(0));
    FAULTLINE_REQUIRE(CheckPacketFilter(step.filter).empty() && !step.filter.except_addresses);
    FAULTLINE_REQUIRE(!step.flap || CheckFlap(*step.flap).empty());
    const auto* impairment = std::get_if<Impairment>(&step.effect);
    FAULTLINE_REQUIRE(impairment != nullptr || !step.ramp);
    if (step.ramp) {
      FAULTLINE_REQUIRE(CheckRamp(*impairment, *step.ramp).empty() && step.ramp->over <= step.length);
    } else if (impairment != nullptr) {
      FAULTLINE_REQUIRE(CheckImpairment(*impairment).empty());
    }
  }
}

void CheckGroup(const Plan& plan, const std::string& name) {
  FAULTLINE_REQUIRE(name == kEveryNode || plan.groups.contains(name));
}

struct EndsCheck {
  const Plan& plan;

  void operator()(const OneWay& ends) const {
    CheckGroup(plan, ends.from);
    CheckGroup(plan, ends.to);
  }
  void operator()(const Between& ends) const {
    FAULTLINE_REQUIRE(ends.groups.size() >= 2);
    for (const std::string& group : ends.groups) CheckGroup(plan, group);
  }
  void operator()(const Isolate& ends) const {
    CheckGroup(plan, ends.group);
    if (ends.from) CheckGroup(plan, *ends.from);
  }
  void operator()(const Shape& ends) const {
    CheckGroup(plan, ends.of);
    FAULTLINE_REQUIRE(ends.islands >= 2);
  }
};

// Every group and step that is named exists, and names of steps are their own.
void CheckNames(const Plan& plan) {
  std::set<std::string> steps;
  for (const PlanStep& step : plan.steps) {
    FAULTLINE_REQUIRE(steps.insert(step.name).second && CheckName(step.name, "step").ok());
    std::visit(EndsCheck{plan}, step.ends);
  }
  for (const auto& [name, group] : plan.groups) {
    FAULTLINE_REQUIRE(name == group.name && name != kEveryNode);
    for (const std::string& part : group.all) CheckGroup(plan, part);
    for (const std::string& part : group.except) CheckGroup(plan, part);
    if (group.draw) CheckGroup(plan, group.draw->of);
  }
  for (const Expectation& expectation : plan.expectations) {
    FAULTLINE_REQUIRE(steps.contains(expectation.step) && !expectation.text.empty());
    CheckGroup(plan, expectation.from);
    CheckGroup(plan, expectation.to);
  }
  for (const Observation& observation : plan.observations) {
    FAULTLINE_REQUIRE(!observation.command.arguments.empty() && !observation.name.empty());
    for (const std::string& step : observation.before) FAULTLINE_REQUIRE(steps.contains(step));
    for (const std::string& step : observation.after) FAULTLINE_REQUIRE(steps.contains(step));
  }
}

void CheckTimes(const Plan& plan) {
  FAULTLINE_REQUIRE(plan.warmup >= Duration(0) && plan.cooldown >= Duration(0));
  for (const PlanStep& step : plan.steps) {
    FAULTLINE_REQUIRE(step.at >= plan.warmup);
    FAULTLINE_REQUIRE(!plan.length || step.at + step.length <= *plan.length);
  }
  for (const Guard& guard : plan.guards) {
    FAULTLINE_REQUIRE(guard.timeout > Duration(0) && guard.timeout <= guard.every && guard.failures >= 1);
    const auto* command = std::get_if<Command>(&guard.check);
    FAULTLINE_REQUIRE(command == nullptr || !command->arguments.empty());
  }
}

void CheckPrediction(const Prediction& prediction) {
  FAULTLINE_REQUIRE(prediction.arrives >= 0 && prediction.arrives <= 1 && prediction.corrupt >= 0);
  FAULTLINE_REQUIRE(prediction.delay >= Duration(0) && prediction.delay_deviation >= Duration(0));
}

void CheckTimelines(const Compiled& compiled) {
  const IpAddress& own = Fleet().nodes[0].addresses[0];
  const IpAddress& other = Fleet().nodes[2].addresses[0];
  for (const Timeline& timeline : compiled.timelines) {
    FAULTLINE_REQUIRE(CheckTimeline(timeline).ok());
    for (const Step& step : timeline.steps) {
      FAULTLINE_REQUIRE(!DescribeStep(step).empty());
      for (const Rule& rule : step.rules) FAULTLINE_REQUIRE(!DescribeRule(rule, step, timeline).empty());
      if (step.index > 10) break;
    }
  }
  if (compiled.timelines.empty()) return;
  const std::vector<Stage> stages = StagesOf(compiled.timelines[0]);
  FAULTLINE_REQUIRE(!stages.empty());
  for (std::size_t i = 0; i < stages.size() && i < 3; ++i) {
    const Timeline& first = compiled.timelines[0];
    const Prediction self = Predict(&first, &first, PacketOfProbe(own, own, 7401), stages[i]);
    FAULTLINE_REQUIRE(self.arrives == 1 && !self.impaired);
    CheckPrediction(Predict(&first, &compiled.timelines[2], PacketOfProbe(own, other, 7401), stages[i]));
  }
}

void CheckPlan(absl::string_view text) {
  const ParsedPlan parsed = ParsePlan(text);
  CheckErrors(parsed.errors);
  for (const TextError& error : parsed.errors) FAULTLINE_REQUIRE(error.position.line > 0 && error.position.column > 0);
  FAULTLINE_REQUIRE(parsed.missing_files.empty() || !parsed.errors.empty());
  if (!parsed.errors.empty()) return;
  FAULTLINE_REQUIRE(!parsed.plan.steps.empty());
  CheckSteps(parsed.plan);
  CheckNames(parsed.plan);
  CheckTimes(parsed.plan);
  CompileOptions options;
  options.run = RunId("run");
  const Compiled compiled = CompilePlan(parsed.plan, Fleet(), options);
  CheckErrors(compiled.errors);
  FAULTLINE_REQUIRE(compiled.timelines.size() == (compiled.errors.empty() ? Fleet().nodes.size() : 0));
  CheckTimelines(compiled);
}

void CheckSamples(absl::string_view text) {
  const absl::StatusOr<std::vector<Duration>> samples = ParseSamplesCsv(text);
  FAULTLINE_REQUIRE(samples.ok() || !FindBadText(samples.status().message()));
  if (!samples.ok()) return;
  const std::vector<Duration> reduced = ReduceSamples(*samples);
  FAULTLINE_REQUIRE(reduced.size() >= 2 && reduced.size() <= kMostSamples);
  FAULTLINE_REQUIRE(std::is_sorted(reduced.begin(), reduced.end()) && reduced.front() >= Duration(0));
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  faultline::CheckPlan(text);
  faultline::CheckSamples(text);
  return 0;
}
