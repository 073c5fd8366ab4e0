// faultline-fidelity: how exactly Faultline does what is asked, on this machine's kernel.

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/fidelity/measures.h"

namespace faultline::fidelity {
namespace {

using measure::Table;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct Measure {
  const char* name;
  absl::StatusOr<Table> (*run)(bool quick);
};
constexpr Measure kMeasures[] = {
    {"loss", MeasureLoss},   {"copies", MeasureCopies},     {"bursts", MeasureBursts},
    {"delay", MeasureDelay}, {"jitter", MeasureJitter},     {"rate", MeasureRate},
    {"tcp", MeasureTcp},     {"overflow", MeasureOverflow}, {"collateral", MeasureCollateral}};

constexpr char kUsageText[] =
    "faultline-fidelity [--quick] [--json FILE] [--only NAME]...     (as root)\n"
    "\n"
    "Measures how exactly Faultline does what it is asked to, on this machine's kernel, beside other tools:\n"
    "  loss, copies, bursts, delay, jitter, rate, overflow   what impairments do to packets\n"
    "  tcp                                                   what a connection makes of a cut\n"
    "  collateral                                            what other traffic notices\n"
    "\n"
    "  --quick       fewer samples, for trying it out; what is chance may then not hold\n"
    "  --json FILE   the same for programs\n"
    "  --only NAME   only this measure; may be repeated\n"
    "\n"
    "All of it happens in network namespaces that go with the program; the host's is not touched.\n"
    "Exit status: 0 all holds, 1 something does not or failed, 2 wrong usage or not root.\n";

struct Arguments {
  bool quick = false;
  std::string json;
  // Empty: all.
  std::vector<std::string> only;

  bool Wants(const std::string& name) const {
    return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
  }
};

int Refuse(const std::string& why) {
  std::cerr << "faultline-fidelity: " << why << "\n";
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
    const bool followed = i + 1 < words.size();
    if (words[i] == "--quick") {
      arguments.quick = true;
    } else if (words[i] == "--json" && followed) {
      arguments.json = words[++i];
    } else if (words[i] == "--only" && followed && IsMeasure(words[i + 1])) {
      arguments.only.push_back(words[++i]);
    } else {
      why = absl::StrCat("cannot do '", words[i], followed ? absl::StrCat(" ", words[i + 1]) : std::string(),
                         "'; see --help");
      return std::nullopt;
    }
  }
  return arguments;
}

// The set-up's helpers tell of failures in this way only; what they said is on standard output.
bool SetUpFailed() { return ::testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed(); }

// The exit code. Tables are printed as they come, and the file is whole after each.
int RunMeasures(const Arguments& arguments) {
  const measure::Machine machine = measure::ThisMachine();
  std::vector<Table> tables;
  int code = kDone;
  for (const Measure& measure : kMeasures) {
    if (!arguments.Wants(measure.name)) continue;
    std::cerr << "faultline-fidelity: measuring " << measure.name << "\n";
    absl::StatusOr<Table> table = measure.run(arguments.quick);
    if (table.ok() && SetUpFailed()) table = absl::InternalError("the set-up failed, as told above");
    if (!table.ok()) {
      std::cerr << "faultline-fidelity: " << measure.name << ": " << table.status().message() << "\n";
      code = kFailed;
      continue;
    }
    if (!Holds(*table)) code = kFailed;
    std::cout << measure::ToText(*table, machine) << std::endl;
    tables.push_back(*std::move(table));
    if (arguments.json.empty()) continue;
    std::ofstream file(arguments.json);
    file << measure::ToJson(tables, machine, arguments.quick) << std::flush;
    if (!file) return Refuse(absl::StrCat("cannot write ", arguments.json));
  }
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
  if (unshare(CLONE_NEWNET) != 0) return Refuse(absl::StrCat("cannot make a network namespace: ", strerror(errno)));
  return RunMeasures(*arguments);
}

}  // namespace
}  // namespace faultline::fidelity

int main(int argc, char** argv) { return faultline::fidelity::Main({argv + 1, argv + argc}); }
