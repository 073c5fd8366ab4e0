#include <map>
#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/duration.h"
#include "common/status.h"
#include "controller/cli/call.h"
#include "controller/cli/live_view.h"
#include "controller/cli/moment.h"
#include "controller/cli/verbs.h"
#include "controller/report/columns.h"
#include "controller/report/matrix_cells.h"
#include "controller/report/render_matrix.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

constexpr Duration kMatrixPatience = std::chrono::seconds(30);
constexpr Duration kLeastEvery = std::chrono::milliseconds(100);

struct MatrixArguments {
  // "node", or the name of a label; empty: nodes if they fit.
  std::string by;
  bool watch = false;
  std::string every = "1s";
};

// What stands for a node where nodes of one label's value share a row.
std::string GroupOf(const v1::NodeInfo& node, const std::string& label, const TerminalStyle& style) {
  const auto found = node.labels().find(label);
  const bool has = found != node.labels().end() && !found->second.empty();
  return Spell(Tame(has ? found->second : absl::StrCat("no ", label)), style);
}

std::string Render(const FleetSnapshot& snapshot, const std::string& by, const TerminalStyle& style) {
  const v1::StageVerdict& now = snapshot.matrix.now();
  if (by.empty() || by == "node") {
    return RenderMatrix(now, style, by.empty() ? MatrixRows::kNodesThatFit : MatrixRows::kNodes);
  }
  std::map<std::string, std::string> groups;
  for (const v1::Node& node : snapshot.nodes.nodes()) groups[node.info().name()] = GroupOf(node.info(), by, style);
  return RenderGroupedMatrix(now, groups, style);
}

absl::Status CheckLabel(const v1::ListNodesResponse& nodes, const std::string& by) {
  std::set<std::string> labels = {"node"};
  for (const v1::Node& node : nodes.nodes()) {
    for (const auto& [label, value] : node.info().labels()) labels.insert(label);
  }
  if (by.empty() || labels.contains(by)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Tame(absl::StrCat("--by: no node has a label '", by, "'; there are ", absl::StrJoin(labels, ", "))));
}

class MatrixView : public LiveView {
 public:
  explicit MatrixView(std::string by) : by_(std::move(by)) {}

  bool Take(FleetSnapshot snapshot) override {
    snapshot_ = std::move(snapshot);
    Matrix matrix = ReadMatrix(snapshot_.matrix.now());
    const bool changed = !taken_ || matrix != matrix_;
    taken_ = true;
    matrix_ = std::move(matrix);
    time_ = absl::Now();
    return changed;
  }

  std::vector<std::string> Frame(const LiveWindow& window) override {
    const bool drawn = window.size.height != LiveWindow::kEndless;
    const std::string time = absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time_, absl::UTCTimeZone());
    std::vector<std::string> lines = {absl::StrCat("faultline matrix  ", time, drawn ? "  q quit" : "")};
    const std::string text = Render(snapshot_, by_, window.style);
    for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) lines.emplace_back(line);
    if (!drawn) return lines;
    if (lines.size() > window.size.height) {
      const std::size_t hidden = lines.size() - window.size.height + 1;
      lines.resize(window.size.height - 1);
      lines.push_back(absl::StrCat("and ", hidden, " more lines"));
    }
    for (std::string& line : lines) line = Clip(line, window.size.width, window.style);
    return lines;
  }

  void OnKey(Key, const LiveWindow&) override {}

 private:
  const std::string by_;
  FleetSnapshot snapshot_;
  absl::Time time_;
  bool taken_ = false;
  Matrix matrix_;
};

// A line an answer.
class JsonView : public LiveView {
 public:
  bool Take(FleetSnapshot snapshot) override {
    line_ = ToJson(snapshot.matrix);
    return true;
  }
  std::vector<std::string> Frame(const LiveWindow&) override { return {std::string(absl::StripSuffix(line_, "\n"))}; }
  void OnKey(Key, const LiveWindow&) override {}

 private:
  std::string line_;
};

absl::StatusOr<ExitCode> ShowMatrix(const CommonArguments& common, const MatrixArguments& arguments) {
  FAULTLINE_ASSIGN_OR_RETURN(const Duration every, ForOption("--every", ParseDuration(arguments.every)));
  if (every < kLeastEvery) return absl::InvalidArgumentError("--every: at least 100ms");
  {
    FAULTLINE_ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Connect(common));
    Caller caller(*client, kMatrixPatience);
    FAULTLINE_ASSIGN_OR_RETURN(const FleetSnapshot snapshot, AskFleet(caller, /*runs=*/false));
    FAULTLINE_RETURN_IF_ERROR(CheckLabel(snapshot.nodes, arguments.by));
    if (!arguments.watch) {
      std::cout << (common.json ? ToJson(snapshot.matrix) : Render(snapshot, arguments.by, StyleOfStdout()));
      return ExitCode::kOk;
    }
  }
  const LiveOptions options = {
      .poll = {.every = every}, .controller = common.controller, .security = common.security, .paper = common.json};
  if (common.json) {
    JsonView view;
    return ShowLive(view, options);
  }
  MatrixView view(arguments.by);
  return ShowLive(view, options);
}

}  // namespace

void AddMatrixVerb(CommandLine& line) {
  const auto arguments = std::make_shared<MatrixArguments>();
  CLI::App& matrix = line.AddVerb("matrix", "Who reaches whom now, as the probes saw it",
                                  "faultline matrix --by region --watch", [&line, arguments] {
                                    const absl::StatusOr<ExitCode> code = ShowMatrix(line.common(), *arguments);
                                    return code.ok() ? *code : Fail(code.status());
                                  });
  matrix.add_option("--by", arguments->by,
                    "A row and a column for each node, or for each value of a label: node, region, az, ...; without "
                    "it nodes,\nor those together that behave alike when not all fit");
  CLI::Option* const watch =
      matrix.add_flag("--watch", arguments->watch, "Follow it: in place on a terminal, else a block a change");
  matrix.add_option("--every", arguments->every, "How often to look (1s)")->needs(watch);
}

}  // namespace faultline
