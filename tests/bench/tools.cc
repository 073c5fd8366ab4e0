#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "agent/kernel/linux_kernel.h"
#include "common/status.h"
#include "tests/bench/contender.h"
#include "tests/measure/process.h"

namespace faultline::bench {
namespace {

using measure::ProcessResult;
using measure::RunProcess;
using measure::Table;
using measure::ToStatus;

constexpr std::size_t kMostRead = 100'000;
// With one rule a CIDR, more than this tells nothing more.
constexpr std::size_t kMostRules = 10'000;
// With one process a rule.
constexpr std::size_t kMostProcesses = 100;

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
  Nft() : Contender("nft -f", kMostRead) {}

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

constexpr char kNoRules[] = "*filter\n:INPUT ACCEPT\nCOMMIT\n";

class IptablesRestore : public Contender {
 public:
  explicit IptablesRestore(const std::string& program) : Contender(program, kMostRules) {}

 private:
  absl::StatusOr<Duration> DoLoad(std::size_t cidrs) override {
    std::string text = "*filter\n:INPUT ACCEPT\n";
    const PrefixSet prefixes = ManyPrefixes(cidrs);
    for (const Prefix& prefix : prefixes.prefixes()) {
      absl::StrAppend(&text, "-A INPUT -s ", prefix.ToString(), " -j DROP\n");
    }
    return LoadByTool({name()}, text + "COMMIT\n", {name()}, kNoRules);
  }
};

// As those do that call it for every address they are to cut off.
class IptablesEach : public Contender {
 public:
  IptablesEach() : Contender("one iptables a rule", kMostProcesses) {}

 private:
  absl::StatusOr<Duration> DoLoad(std::size_t cidrs) override {
    Duration took{0};
    const PrefixSet prefixes = ManyPrefixes(cidrs);
    for (const Prefix& prefix : prefixes.prefixes()) {
      const std::vector<std::string> add{"iptables", "-A", "INPUT", "-s", prefix.ToString(), "-j", "DROP", "-w"};
      const ProcessResult added = RunProcess(add);
      FAULTLINE_RETURN_IF_ERROR(ToStatus(added, add));
      took += added.took;
    }
    FAULTLINE_RETURN_IF_ERROR(ToStatus(RunProcess({"iptables", "-F"}), {"iptables", "-F"}));
    return took;
  }
};

// With one rule that names the set.
class Ipset : public Contender {
 public:
  Ipset() : Contender("ipset restore + iptables", kMostRead) {}

 private:
  absl::StatusOr<Duration> DoLoad(std::size_t cidrs) override {
    std::string text = absl::StrCat("create many hash:net maxelem ", kMostRead, "\n");
    const PrefixSet prefixes = ManyPrefixes(cidrs);
    for (const Prefix& prefix : prefixes.prefixes()) absl::StrAppend(&text, "add many ", prefix.ToString(), "\n");
    const std::vector<std::string> match{"iptables",    "-A",   "INPUT", "-m", "set",
                                         "--match-set", "many", "src",   "-j", "DROP"};
    const std::vector<std::string> restore{"ipset", "restore"};
    const ProcessResult restored = RunProcess(restore, {.input = text});
    FAULTLINE_RETURN_IF_ERROR(ToStatus(restored, restore));
    const ProcessResult matched = RunProcess(match);
    RunProcess({"iptables", "-F"});
    const ProcessResult destroyed = RunProcess({"ipset", "destroy", "many"});
    FAULTLINE_RETURN_IF_ERROR(ToStatus(matched, match));
    FAULTLINE_RETURN_IF_ERROR(ToStatus(destroyed, {"ipset", "destroy"}));
    return restored.took + matched.took;
  }
};

// Starts and ends, and does nothing: what being a process of its own costs.
class Nothing : public Contender {
 public:
  Nothing() : Contender("true (does nothing)", kMostRead) {}

 private:
  absl::StatusOr<Duration> DoLoad(std::size_t) override { return RunProcess({"true"}).took; }
};

}  // namespace

std::vector<std::unique_ptr<Contender>> Tools(Table& table) {
  std::vector<std::unique_ptr<Contender>> all;
  all.push_back(std::make_unique<Nft>());
  all.push_back(std::make_unique<IptablesRestore>("iptables-nft-restore"));
  all.push_back(std::make_unique<IptablesRestore>("iptables-legacy-restore"));
  all.push_back(std::make_unique<IptablesEach>());
  all.push_back(std::make_unique<Ipset>());
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

}  // namespace faultline::bench
