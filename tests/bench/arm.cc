#include <memory>
#include <span>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "agent/kernel/linux_kernel.h"
#include "common/status.h"
#include "tests/bench/cidr_program.h"
#include "tests/bench/measures.h"
#include "tests/measure/process.h"
#include "tests/measure/samples.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::ProcessResult;
using measure::RunProcess;
using measure::Samples;
using measure::Table;
using measure::ToStatus;

// With one rule a CIDR, more than this tells nothing more.
constexpr std::size_t kMostRules = 10'000;
// The kernel frees what was removed in the background; the next one is not to pay for it.
constexpr Duration kSettle = std::chrono::milliseconds(20);

// One way to bring a rule set into the kernel, in a namespace of its own.
class Contender {
 public:
  explicit Contender(std::string name) : name_(std::move(name)) { AddDevice(netns_); }
  virtual ~Contender() = default;

  const std::string& name() const { return name_; }
  // Loads `cidrs` CIDRs, and takes them away again; the time of the loading alone.
  absl::StatusOr<Duration> Load(std::size_t cidrs) {
    const testing::InNetns inside(netns_);
    FAULTLINE_ASSIGN_OR_RETURN(const Duration took, DoLoad(cidrs));
    std::this_thread::sleep_for(kSettle);
    return took;
  }

 protected:
  virtual absl::StatusOr<Duration> DoLoad(std::size_t cidrs) = 0;

 private:
  const std::string name_;
  const testing::Netns netns_;
};

CidrRun OneStep(std::size_t cidrs) {
  return MakeCidrRun("arm", cidrs, {CidrStep(0, Duration(0), std::chrono::seconds(1))});
}

class Ours : public Contender {
 public:
  Ours() : Contender("Faultline (resident)") {}

 private:
  absl::StatusOr<Duration> DoLoad(std::size_t cidrs) override {
    if (kernel_ == nullptr) {
      FAULTLINE_ASSIGN_OR_RETURN(kernel_, LinuxKernel::Open());
    }
    const Program program = OneStep(cidrs).program;
    const SystemClock clock;
    const MonotonicTime start = clock.Now();
    FAULTLINE_RETURN_IF_ERROR(kernel_->Install(program));
    const Duration took = clock.Now() - start;
    FAULTLINE_RETURN_IF_ERROR(kernel_->Remove(program.run));
    return took;
  }

  std::unique_ptr<LinuxKernel> kernel_;
};

// Runs `load` with the text as its input, times it, and runs `unload`.
absl::StatusOr<Duration> LoadByTool(const std::vector<std::string>& load, const std::string& text,
                                    const std::vector<std::string>& unload, const std::string& unload_text) {
  const ProcessResult loaded = RunProcess(load, {.input = text});
  FAULTLINE_RETURN_IF_ERROR(ToStatus(loaded, load));
  FAULTLINE_RETURN_IF_ERROR(ToStatus(RunProcess(unload, {.input = unload_text}), unload));
  return loaded.took;
}

class Nft : public Contender {
 public:
  Nft() : Contender("nft -f") {}

 private:
  // What nft makes of our own rules: without an owner, for nft could not load that.
  static absl::StatusOr<std::string> RuleSet(std::size_t cidrs) {
    FAULTLINE_ASSIGN_OR_RETURN(const auto kernel, LinuxKernel::Open({.use_table_owner = false}));
    FAULTLINE_RETURN_IF_ERROR(kernel->Install(OneStep(cidrs).program));
    ProcessResult listed = RunProcess({"nft", "list", "ruleset"});
    FAULTLINE_RETURN_IF_ERROR(ToStatus(listed, {"nft", "list", "ruleset"}));
    return std::move(listed.output);
  }

  // nft itself turns an anonymous set of one range into the range: "saddr { 10.0.0.0/8 }" loses its braces.
  static std::string WithoutLoneBraces(const std::string& text) {
    std::vector<std::string> lines = absl::StrSplit(text, '\n');
    for (std::string& line : lines) {
      if (absl::EndsWith(line, "return") && !absl::StrContains(line, ",")) {
        line = absl::StrReplaceAll(line, {{"{ ", ""}, {" }", ""}});
      }
    }
    return absl::StrJoin(lines, "\n");
  }

  // Once a size: after nft has loaded the text, the kernel holds the same again.
  static absl::Status CheckEqual(const std::string& text) {
    FAULTLINE_RETURN_IF_ERROR(ToStatus(RunProcess({"nft", "-f", "-"}, {.input = text}), {"nft", "-f", "-"}));
    const bool equal = RunProcess({"nft", "list", "ruleset"}).output == WithoutLoneBraces(text);
    FAULTLINE_RETURN_IF_ERROR(ToStatus(RunProcess({"nft", "flush", "ruleset"}), {"nft", "flush", "ruleset"}));
    return equal ? absl::OkStatus() : absl::InternalError("nft -f did not load the rule set as it was listed");
  }

  absl::StatusOr<Duration> DoLoad(std::size_t cidrs) override {
    if (cidrs != cidrs_) {
      FAULTLINE_ASSIGN_OR_RETURN(text_, RuleSet(cidrs));
      FAULTLINE_RETURN_IF_ERROR(CheckEqual(text_));
      cidrs_ = cidrs;
    }
    return LoadByTool({"nft", "-f", "-"}, text_, {"nft", "flush", "ruleset"}, "");
  }

  std::size_t cidrs_ = 0;
  std::string text_;
};

class Iptables : public Contender {
 public:
  Iptables(std::string name, std::string program) : Contender(std::move(name)), program_(std::move(program)) {}

 private:
  absl::StatusOr<Duration> DoLoad(std::size_t cidrs) override {
    std::string text = "*filter\n:INPUT ACCEPT\n";
    const PrefixSet prefixes = ManyPrefixes(cidrs);
    for (const Prefix& prefix : prefixes.prefixes()) {
      absl::StrAppend(&text, "-A INPUT -s ", prefix.ToString(), " -j DROP\n");
    }
    return LoadByTool({program_}, text + "COMMIT\n", {program_}, "*filter\n:INPUT ACCEPT\nCOMMIT\n");
  }

  const std::string program_;
};

// Starts and ends, and does nothing: what being a process of its own costs.
class Nothing : public Contender {
 public:
  Nothing() : Contender("true (does nothing)") {}

 private:
  absl::StatusOr<Duration> DoLoad(std::size_t) override { return RunProcess({"true"}).took; }
};

struct Repetition {
  std::size_t cidrs = 0;
  int runs = 0;
};

std::vector<Repetition> Repetitions(bool quick) {
  if (quick) return {{1, 5}, {100, 5}, {10'000, 3}, {100'000, 1}};
  return {{1, 31}, {100, 31}, {10'000, 15}, {100'000, 5}};
}

// Those that work on this machine; the others are named in the notes.
std::vector<std::unique_ptr<Contender>> Available(Table& table) {
  std::vector<std::unique_ptr<Contender>> all;
  all.push_back(std::make_unique<Nft>());
  all.push_back(std::make_unique<Iptables>("iptables-nft-restore", "iptables-nft-restore"));
  all.push_back(std::make_unique<Iptables>("iptables-legacy-restore", "iptables-legacy-restore"));
  all.push_back(std::make_unique<Nothing>());
  std::vector<std::unique_ptr<Contender>> available;
  for (auto& contender : all) {
    if (const auto tried = contender->Load(1); tried.ok()) {
      available.push_back(std::move(contender));
    } else {
      table.notes.push_back(absl::StrCat("not compared: ", std::string(tried.status().message())));
    }
  }
  return available;
}

// In turn, so that what else the machine does meets all of them alike.
absl::Status MeasureSize(const Repetition& repetition, std::span<const std::unique_ptr<Contender>> contenders,
                         Table& table) {
  std::vector<Samples> samples(contenders.size());
  for (int run = 0; run < repetition.runs; ++run) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      if (dynamic_cast<Iptables*>(contenders[i].get()) != nullptr && repetition.cidrs > kMostRules) continue;
      FAULTLINE_ASSIGN_OR_RETURN(const Duration took, contenders[i]->Load(repetition.cidrs));
      samples[i].Add(took);
    }
  }
  const auto ours = static_cast<double>(samples[0].Percentile(50).count());
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    if (samples[i].empty()) continue;
    std::vector<Cell> row{static_cast<std::int64_t>(repetition.cidrs), contenders[i]->name()};
    for (Cell& cell : samples[i].Cells()) row.push_back(std::move(cell));
    row.emplace_back(static_cast<double>(samples[i].Percentile(50).count()) / ours);
    table.rows.push_back(std::move(row));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasureArm(bool quick) {
  Table table{.name = "arm",
              .compares = "bringing rules for 1 to 100 000 CIDRs into the kernel, in turn",
              .columns = {"CIDRs", "who"},
              .rows = {},
              .notes = {"Faultline is resident: one call of Install, from a program in memory, as in the agent",
                        "the tools: the whole process, from its start to its end, reading text from a file; 'true' "
                        "shows how much of that is the process",
                        "nft -f loads the equal rule set: ours as nft lists it, without the owner flag",
                        "iptables has one rule a CIDR, so it is not tried beyond 10 000"}};
  const auto& columns = Samples::Columns();
  table.columns.insert(table.columns.end(), columns.begin(), columns.end());
  table.columns.push_back("p50 / ours");
  std::vector<std::unique_ptr<Contender>> contenders = Available(table);
  contenders.insert(contenders.begin(), std::make_unique<Ours>());
  FAULTLINE_RETURN_IF_ERROR(contenders.front()->Load(1).status());
  for (const Repetition& repetition : Repetitions(quick)) {
    FAULTLINE_RETURN_IF_ERROR(MeasureSize(repetition, contenders, table));
  }
  return table;
}

}  // namespace faultline::bench
