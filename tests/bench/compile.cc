#include <functional>

#include "absl/strings/str_cat.h"
#include "controller/compile/compiler.h"
#include "controller/preview/make_preview.h"
#include "tests/bench/measures.h"
#include "tests/measure/runs.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Goal;
using measure::Growth;
using measure::Runs;
using measure::Table;

constexpr int kNodes = 1'000;
// Each with as many nodes as any other.
constexpr int kSubnets = 50;
constexpr std::uint16_t kProbePort = 7401;

// A plan and the fleet it is for.
struct Case {
  Plan plan;
  Inventory inventory;
};

// Node n of `nodes` lives in subnet 10.<n * 50 / nodes>.0.0/16.
IpAddress AddressOf(int node, int nodes) {
  const int of_each = nodes / kSubnets;
  const std::uint8_t bytes[] = {10, static_cast<std::uint8_t>(node / of_each), 0,
                                static_cast<std::uint8_t>(1 + node % of_each)};
  return IpAddress(bytes);
}

// REQUIRES: a multiple of kSubnets, at most 10 000.
Inventory Fleet(int nodes) {
  Inventory inventory;
  for (int i = 0; i < nodes; ++i) {
    InventoryNode node;
    node.name = NodeName(absl::StrCat("node-", i));
    node.addresses = {AddressOf(i, nodes)};
    node.labels = {{"subnet", absl::StrCat("s", i * kSubnets / nodes)}, {"region", absl::StrCat("r", i * 10 / nodes)}};
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
Case ManyGroups(int nodes) {
  Case made = {.plan = {.name = "groups"}, .inventory = Fleet(nodes)};
  for (int i = 0; i < kSubnets; ++i) {
    Group group;
    if (i % 2 == 0) {
      group.cidrs = PrefixSet({Prefix::Containing(AddressOf(i * nodes / kSubnets, nodes), 16).value()});
    } else {
      group.labels = {{"subnet", absl::StrCat("s", i)}};
    }
    AddGroup(made, absl::StrCat("g", i), std::move(group));
  }
  const auto name = [](int i) { return absl::StrCat("g", i % kSubnets); };
  for (int i = 0; i < 100; ++i) {
    if (i % 2 == 0) AddStep(made, OneWay{name(i), name(i + 1 + i / 10)});
    if (i % 2 == 1) AddStep(made, Between{{name(i), name(i + 7), name(i + 13)}});
  }
  return made;
}

// Ten groups of 100 nodes, made of others, and all isolated, halved and cut from each other in turn.
Case ManyShapes(int nodes) {
  Case made = {.plan = {.name = "shapes"}, .inventory = Fleet(nodes)};
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

Case ManyPrefixesCase(int nodes) {
  Case made = {.plan = {.name = "prefixes"}, .inventory = Fleet(nodes)};
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

struct CompileTimes {
  Runs compiled;
  // With a preview of it, as `faultline plan preview` asks for it.
  Runs previewed;
};

absl::StatusOr<CompileTimes> CompileOnce(const std::string& name, const Case& made, int runs, int samples) {
  CompileOptions options;
  options.run = RunId("bench");
  CompileTimes times;
  for (int run = 0; run < runs; ++run) {
    times.compiled.Begin();
    times.previewed.Begin();
    for (int i = 0; i < samples; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const Compiled compiled = CompilePlan(made.plan, made.inventory, options);
      times.compiled.Add(std::chrono::steady_clock::now() - start);
      if (!compiled.errors.empty()) return absl::InternalError(JoinErrors(compiled.errors, name));
      const v1::PreviewPlanResponse preview = MakePreview(compiled, made.inventory, kProbePort, {});
      times.previewed.Add(std::chrono::steady_clock::now() - start);
      if (preview.groups().empty()) return absl::InternalError(absl::StrCat(name, ": the preview is empty"));
    }
  }
  return times;
}

void AddCompileRow(int nodes, const std::string& name, const std::string& what, const Runs& runs, Table& table) {
  std::vector<Cell> row = {static_cast<std::int64_t>(nodes), name, what};
  for (Cell& cell : runs.Cells()) row.push_back(std::move(cell));
  table.rows.push_back(std::move(row));
}

}  // namespace

absl::StatusOr<Table> MeasureCompile(bool quick) {
  Table table = {.name = "compile",
                 .compares =
                     "from a plan that was read to every node's timeline, and to its preview, by what the plan "
                     "is made of",
                 .columns = {"nodes", "plan", "until"},
                 .notes = {"one thread; the preview is what `faultline plan preview` shows, without `--rules`"}};
  table.bounded_by = "One thread's work for each node and step; a preview of many edges leaves them out and says so.";
  table.columns.insert(table.columns.end(), Runs::Columns().begin(), Runs::Columns().end());
  const int runs = quick ? 1 : 5;
  struct {
    const char* name;
    Case (*make)(int nodes);
    int nodes;
    int samples;
  } const cases[] = {{"50 groups, 100 steps", ManyGroups, 100, 3},
                     {"50 groups, 100 steps", ManyGroups, kNodes, 3},
                     {"50 groups, 100 steps", ManyGroups, 10'000, 1},
                     {"10 regions, 100 steps of shapes", ManyShapes, kNodes, 1},
                     {"a group of 100000 prefixes, 4 steps", ManyPrefixesCase, kNodes, 3}};
  Growth growth{.figure = "compile and preview 50 groups, 100 steps, p50 by nodes", .points = {}};
  for (const auto& [name, make, nodes, samples] : cases) {
    const absl::StatusOr<CompileTimes> times = CompileOnce(name, make(nodes), runs, samples);
    if (!times.ok()) return times.status();
    AddCompileRow(nodes, name, "compiled", times->compiled, table);
    AddCompileRow(nodes, name, "previewed", times->previewed, table);
    if (make != ManyGroups) continue;
    growth.points.push_back({static_cast<double>(nodes), times->previewed.Percentile(50)});
    if (nodes != kNodes) continue;
    table.goals.push_back({"compile and preview 1000 nodes, 50 groups, 100 steps, p99", Goal::Sense::kAtMost, 1'000'000,
                           times->previewed.Percentile(99), "us"});
  }
  table.growth.push_back(std::move(growth));
  return table;
}

}  // namespace faultline::bench
