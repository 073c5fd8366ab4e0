// faultline-bench: how fast, how even and how harmless Faultline is on this machine.

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <iterator>
#include <optional>

#include "tests/bench/measures.h"

namespace faultline::bench {
namespace {

using measure::Machine;
using measure::Table;
using measure::ToJson;
using measure::ToText;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kInterrupted = 130;

struct Measure {
  const char* name;
  absl::StatusOr<Table> (*run)(bool quick);
};
constexpr Measure kMeasures[] = {{"fire", MeasureFire},       {"arm", MeasureArm},
                                 {"skew", MeasureSkew},       {"collateral", MeasureCollateral},
                                 {"compile", MeasureCompile}, {"read", MeasureRead}};

constexpr char kUsageText[] =
    "faultline-bench [--quick] [--json] [--only NAME]...     (as root)\n"
    "\n"
    "Measures Faultline on this machine and prints a table for each measure:\n"
    "  fire        from an agent's timer to the kernel's confirmation, for 1 to 100 000 CIDRs\n"
    "  arm         installing the rules, beside nft -f and iptables-restore\n"
    "  skew        how far apart six agents begin and end a step, in a lab\n"
    "  collateral  what an unrelated flow loses meanwhile, beside tc\n"
    "  compile     turning large plans into what each node does\n"
    "  read        plans from their texts: the library, and 100 000 CIDRs\n"
    "\n"
    "  --quick       fewer samples, for trying it out\n"
    "  --json        one JSON object in place of the tables\n"
    "  --only NAME   only this measure; may be repeated\n"
    "\n"
    "All of it happens in network namespaces that go with the program; the host's is not touched.\n"
    "Programs for skew come from $FAULTLINE_BIN, else from the folder of this one.\n"
    "Exit status: 0 done, 1 something failed, 2 wrong usage or not root.\n";

struct Arguments {
  bool quick = false;
  bool json = false;
  // Empty: all.
  std::vector<std::string> only;

  bool Wants(const std::string& name) const {
    return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
  }
};

int Refuse(const std::string& why) {
  std::cerr << "faultline-bench: " << why << "\n";
  return kUsage;
}

bool IsMeasure(const std::string& name) {
  return std::any_of(std::begin(kMeasures), std::end(kMeasures),
                     [&](const Measure& measure) { return name == measure.name; });
}

// Absent: what to say about it is in `why`.
std::optional<Arguments> Parse(const std::vector<std::string>& words, std::string& why) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--quick") {
      arguments.quick = true;
    } else if (words[i] == "--json") {
      arguments.json = true;
    } else if (words[i] == "--only" && i + 1 < words.size() && IsMeasure(words[i + 1])) {
      arguments.only.push_back(words[++i]);
    } else {
      why = words[i] == "--only" ? "--only needs one of: fire, arm, skew, collateral, compile"
                                 : "unknown argument '" + words[i] + "'; see --help";
      return std::nullopt;
    }
  }
  return arguments;
}

// The exit code. Tables are printed as they come.
int RunMeasures(const Arguments& arguments) {
  const Machine machine = measure::ThisMachine();
  std::vector<Table> tables;
  int code = kDone;
  for (const Measure& measure : kMeasures) {
    if (!arguments.Wants(measure.name)) continue;
    std::cerr << "faultline-bench: measuring " << measure.name << "\n";
    absl::StatusOr<Table> table = measure.run(arguments.quick);
    // The helpers that make namespaces tell of failures in this way only.
    if (table.ok() && ::testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed()) {
      table = absl::InternalError("the set-up failed, as told above");
    }
    if (absl::IsCancelled(table.status())) return kInterrupted;
    if (!table.ok()) {
      std::cerr << "faultline-bench: " << measure.name << ": " << table.status().message() << "\n";
      code = kFailed;
      continue;
    }
    if (!arguments.json) std::cout << ToText(*table, machine) << std::endl;
    tables.push_back(*std::move(table));
  }
  if (arguments.json) std::cout << ToJson(tables, machine, arguments.quick);
  return code;
}

int Main(const std::vector<std::string>& words) {
  if (words == std::vector<std::string>{"--help"} || words == std::vector<std::string>{"-h"}) {
    std::cout << kUsageText;
    return kDone;
  }
  std::string why;
  const std::optional<Arguments> arguments = Parse(words, why);
  if (!arguments) return Refuse(why);
  if (geteuid() != 0) return Refuse("it measures in network namespaces of its own, which needs root: use sudo");
  // Whatever goes wrong after this, it does not happen to the host.
  if (unshare(CLONE_NEWNET) != 0) return Refuse(std::string("cannot make a network namespace: ") + strerror(errno));
  return RunMeasures(*arguments);
}

}  // namespace
}  // namespace faultline::bench

int main(int argc, char** argv) { return faultline::bench::Main({argv + 1, argv + argc}); }
