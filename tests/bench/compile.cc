#include <functional>

#include "absl/strings/str_cat.h"
#include "controller/compile/compiler.h"
#include "tests/bench/measures.h"
#include "tests/measure/samples.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Samples;
using measure::Table;

constexpr int kNodes = 1'000;

// A plan and the fleet it is for.
struct Case {
  Plan plan;
  Inventory inventory;
};

IpAddress AddressOf(int node) {
  const std::uint8_t bytes[] = {10, static_cast<std::uint8_t>(node / 20), 0, static_cast<std::uint8_t>(1 + node % 20)};
  return IpAddress(bytes);
}

// Node n lives in subnet 10.<n / 20>.0.0/16, of which there are 50.
Inventory Fleet() {
  Inventory inventory;
  for (int i = 0; i < kNodes; ++i) {
    InventoryNode node;
    node.name = NodeName(absl::StrCat("node-", i));
    node.addresses = {AddressOf(i)};
    node.labels = {{"subnet", absl::StrCat("s", i / 20)}, {"region", absl::StrCat("r", i / 100)}};
    node.has = CapabilitySet::All();
    inventory.nodes.push_back(std::move(node));
  }
  return inventory;
}

void AddGroup(Case& made, const std::string& name, Group group) {
  group.name = name;
  made.plan.groups.emplace(name, std::move(group));
}

void AddStep(Case& made, Ends ends) {
  PlanStep step;
  step.name = absl::StrCat("step-", made.plan.steps.size());
  step.at = std::chrono::seconds(10) * made.plan.steps.size();
  step.length = std::chrono::seconds(10);
  step.ends = std::move(ends);
  made.plan.steps.push_back(std::move(step));
}

// Subnets by CIDR and by label in turn, every step between two or three of them.
Case ManyGroups() {
  Case made = {.plan = {.name = "groups"}, .inventory = Fleet()};
  for (int i = 0; i < 50; ++i) {
    Group group;
    if (i % 2 == 0) {
      group.cidrs = PrefixSet({Prefix::Containing(AddressOf(20 * i), 16).value()});
    } else {
      group.labels = {{"subnet", absl::StrCat("s", i)}};
    }
    AddGroup(made, absl::StrCat("g", i), std::move(group));
  }
  const auto name = [](int i) { return absl::StrCat("g", i % 50); };
  for (int i = 0; i < 100; ++i) {
    if (i % 2 == 0) AddStep(made, OneWay{name(i), name(i + 1 + i / 10)});
    if (i % 2 == 1) AddStep(made, Between{{name(i), name(i + 7), name(i + 13)}});
  }
  return made;
}

// Ten groups of 100 nodes, made of others, and all isolated, halved and cut from each other in turn.
Case ManyShapes() {
  Case made = {.plan = {.name = "shapes"}, .inventory = Fleet()};
  for (int i = 0; i < 10; ++i) {
    AddGroup(made, absl::StrCat("r", i), Group{.labels = {{"region", absl::StrCat("r", i)}}});
    AddGroup(made, absl::StrCat("rest", i), Group{.all = {kEveryNode}, .except = {absl::StrCat("r", i)}});
  }
  for (int i = 0; i < 100; ++i) {
    const std::string region = absl::StrCat("r", i / 10);
    constexpr Shape::Kind kKinds[] = {Shape::Kind::kHalves, Shape::Kind::kBridge, Shape::Kind::kMajoritiesRing};
    if (i % 4 < 3) AddStep(made, Shape{.kind = kKinds[i % 4], .of = region});
    if (i % 4 == 3) AddStep(made, Isolate{region, absl::StrCat("rest", i / 10)});
  }
  return made;
}

// Sixteen addresses, a gap of as many, and so on from 32.0.0.0: nothing to merge.
PrefixSet Scattered(std::uint32_t count) {
  std::vector<Prefix> prefixes;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t address = 0x20000000 + i * 32;
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(address >> 24), static_cast<std::uint8_t>(address >> 16),
                                  static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(address)};
    prefixes.push_back(Prefix::Containing(IpAddress(bytes), 28).value());
  }
  return PrefixSet(std::move(prefixes));
}

Case ManyPrefixesCase() {
  Case made = {.plan = {.name = "prefixes"}, .inventory = Fleet()};
  AddGroup(made, "service", Group{.cidrs = Scattered(100'000)});
  // Every second of the first 2000 prefixes.
  AddGroup(made, "spared", Group{.cidrs = Scattered(1'000)});
  AddGroup(made, "most", Group{.all = {"service"}, .except = {"spared"}});
  AddGroup(made, "one", Group{.labels = {{"subnet", "s3"}}});
  AddGroup(made, "region", Group{.labels = {{"region", "r1"}}});
  AddStep(made, OneWay{"region", "service"});
  AddStep(made, Between{{"region", "most"}});
  AddStep(made, Isolate{"service", std::nullopt});
  AddStep(made, Isolate{"one", "service"});
  return made;
}

absl::Status AddRow(const std::string& name, const std::function<Case()>& make, int samples, Table& table) {
  const Case made = make();
  CompileOptions options;
  options.run = RunId("bench");
  Samples took;
  for (int i = 0; i < samples; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const Compiled compiled = CompilePlan(made.plan, made.inventory, options);
    took.Add(std::chrono::steady_clock::now() - start);
    if (!compiled.errors.empty()) return absl::InternalError(JoinErrors(compiled.errors, name));
  }
  std::vector<Cell> row = {name};
  for (Cell& cell : took.Cells()) row.push_back(std::move(cell));
  table.rows.push_back(std::move(row));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasureCompile(bool quick) {
  Table table = {.name = "compile",
                 .compares = "From a plan that was read to every node's timeline, by what the plan is made of",
                 .columns = {"plan"},
                 .notes = {"the fleet has 1000 nodes; one thread"}};
  table.columns.insert(table.columns.end(), Samples::Columns().begin(), Samples::Columns().end());
  const int samples = quick ? 5 : 25;
  const std::pair<const char*, Case (*)()> cases[] = {{"50 groups, 100 steps", ManyGroups},
                                                      {"10 regions, 100 steps of shapes", ManyShapes},
                                                      {"a group of 100000 prefixes, 4 steps", ManyPrefixesCase}};
  for (const auto& [name, make] : cases) {
    const absl::Status status = AddRow(name, make, samples, table);
    if (!status.ok()) return status;
  }
  return table;
}

}  // namespace faultline::bench
