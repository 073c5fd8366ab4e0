#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/cli/call.h"
#include "controller/cli/plan_library.h"
#include "controller/cli/plan_source.h"
#include "controller/cli/verbs.h"
#include "controller/plan/schema.h"
#include "controller/preview/plan_diff.h"
#include "controller/preview/render_preview.h"
#include "controller/preview/security_groups.h"
#include "controller/report/text_table.h"
#include "google/protobuf/struct.pb.h"

namespace faultline {
namespace {

using Stub = v1::ControlService::Stub;

struct PlanVerbArguments {
  PlanArguments plan;
  // Of a comparison, the later one.
  std::string other;
  bool rules = false;
  std::string node;
};

struct SourceAndPlan {
  v1::PlanSource source;
  Plan plan;
};

absl::StatusOr<SourceAndPlan> Read(const PlanArguments& arguments) {
  SourceAndPlan read;
  FAULTLINE_ASSIGN_OR_RETURN(read.source, ReadPlanSource(arguments));
  FAULTLINE_ASSIGN_OR_RETURN(read.plan, ParseSource(read.source));
  return read;
}

ExitCode CheckPlan(const CommonArguments& common, const PlanVerbArguments& arguments) {
  const absl::StatusOr<SourceAndPlan> read = Read(arguments.plan);
  if (!read.ok()) return Fail(read.status());
  std::string against = "the language";
  const auto client = Connect(common);
  if (client.ok()) {
    v1::PreviewPlanRequest request;
    *request.mutable_plan() = read->source;
    request.set_brief(true);
    const auto preview = (*client)->Call(&Stub::PreviewPlan, request);
    if (!preview.ok()) return Fail(preview.status());
    for (const std::string& warning : preview->warnings()) std::cerr << "warning: " << warning << "\n";
    if (!preview->permission().empty()) std::cerr << "warning: " << preview->permission() << "\n";
    against = "the language and the nodes connected now";
  } else {
    std::cerr << "note: " << client.status().message() << "; groups are not checked against nodes\n";
  }
  if (common.json) {
    std::cout << "{\"valid\": true, \"against_nodes\": " << (client.ok() ? "true" : "false") << "}\n";
  } else {
    std::cout << arguments.plan.plan << ": valid by " << against << ": " << read->plan.steps.size() << " steps, "
              << read->plan.groups.size() << " groups\n";
  }
  return ExitCode::kOk;
}

ExitCode PreviewPlan(const CommonArguments& common, const PlanVerbArguments& arguments) {
  const absl::StatusOr<SourceAndPlan> read = Read(arguments.plan);
  if (!read.ok()) return Fail(read.status());
  const auto client = Connect(common);
  if (!client.ok()) return Fail(client.status());
  v1::PreviewPlanRequest request;
  *request.mutable_plan() = read->source;
  request.set_rules(arguments.rules || !arguments.node.empty());
  request.set_node(arguments.node);
  const auto preview = (*client)->Call(&Stub::PreviewPlan, request);
  if (!preview.ok()) return Fail(preview.status());
  if (common.json) {
    std::cout << ToJson(*preview);
  } else if (request.rules()) {
    std::cout << RenderNftRules(*preview, arguments.node);
  } else {
    std::cout << RenderPreview(*preview, StyleOfStdout());
  }
  return ExitCode::kOk;
}

// As diff(1): 0 when there is no difference, 1 when there is, 2 when a plan cannot be read.
ExitCode DiffPlan(const CommonArguments& /*common*/, const PlanVerbArguments& arguments) {
  const absl::StatusOr<SourceAndPlan> a = Read(arguments.plan);
  const absl::StatusOr<SourceAndPlan> b = Read({.plan = arguments.other, .set = arguments.plan.set});
  if (!a.ok()) return Fail(a.status(), ExitCode::kUsage);
  if (!b.ok()) return Fail(b.status(), ExitCode::kUsage);
  const std::string difference = DiffPlans(a->plan, b->plan);
  std::cout << difference;
  return difference.empty() ? ExitCode::kOk : ExitCode::kFailed;
}

ExitCode PrintSecurityGroups(const CommonArguments& /*common*/, const PlanVerbArguments& arguments) {
  const absl::StatusOr<SourceAndPlan> read = Read(arguments.plan);
  if (!read.ok()) return Fail(read.status());
  std::cout << SecurityGroupScript(read->plan);
  return ExitCode::kOk;
}

// {"plans": [{"name": …, "description": …}]}
google::protobuf::Struct AsMessage(const std::vector<PlanLibrary::Entry>& entries) {
  google::protobuf::Struct message;
  auto& plans = *(*message.mutable_fields())["plans"].mutable_list_value();
  for (const PlanLibrary::Entry& entry : entries) {
    auto& fields = *plans.add_values()->mutable_struct_value()->mutable_fields();
    fields["name"].set_string_value(entry.name);
    fields["description"].set_string_value(entry.description);
  }
  return message;
}

ExitCode ListPlans(const CommonArguments& common, const PlanVerbArguments& /*arguments*/) {
  const auto entries = PlanLibrary::Installed().List();
  if (!entries.ok()) return Fail(entries.status());
  if (common.json) {
    std::cout << ToJson(AsMessage(*entries));
    return ExitCode::kOk;
  }
  std::vector<std::vector<std::string>> rows;
  for (const PlanLibrary::Entry& entry : *entries) rows.push_back({entry.name, Tame(entry.description)});
  std::cout << FormatTable(rows, 0);
  return ExitCode::kOk;
}

ExitCode ShowPlan(const CommonArguments& /*common*/, const PlanVerbArguments& arguments) {
  const absl::StatusOr<std::string> text = PlanLibrary::Installed().Text(arguments.plan.plan);
  if (!text.ok()) return Fail(text.status());
  std::cout << *text;
  return ExitCode::kOk;
}

ExitCode PrintSchema(const CommonArguments& /*common*/, const PlanVerbArguments& /*arguments*/) {
  std::cout << PlanSchema();
  return ExitCode::kOk;
}

constexpr char kPlanHelp[] = "A file, or the name of one of `faultline plans`";

using Handler = ExitCode (*)(const CommonArguments&, const PlanVerbArguments&);

class PlanVerbs {
 public:
  explicit PlanVerbs(CommandLine& line)
      : line_(line), plan_(line.AddNoun("plan", "Look at a plan without running it")) {}

  void AddPlan() {
    WithPlan("check", "Say everything that is wrong with a plan; with a controller, against its nodes too",
             "faultline plan check plan.yaml", CheckPlan);
    CLI::App& preview = WithPlan("preview", "Show when it does what, each node's rules, and who would reach whom",
                                 "faultline plan preview split-brain --rules", PreviewPlan);
    preview.add_flag("--rules", arguments_->rules, "Instead, each node's rules as nft reads them");
    preview.add_option("--node", arguments_->node, "The same, of this node only");
    CLI::App& diff = Add(plan_, "diff", "How one plan differs from another, in words; exits with 1 if it does",
                         "faultline plan diff split-brain mine.yaml", DiffPlan);
    diff.add_option("A", arguments_->plan.plan, kPlanHelp)->required()->type_name("PLAN");
    diff.add_option("B", arguments_->other, "Another")->required()->type_name("PLAN");
    AddSet(diff);
    WithPlan("security-groups", "The nearest AWS CLI commands, and what security groups cannot express",
             "faultline plan security-groups plan.yaml > cut.sh", PrintSecurityGroups);
    Add(plan_, "schema", "The language as a JSON Schema, for editors", "faultline plan schema", PrintSchema);
  }

  void AddLibrary() {
    CLI::App& plans = line_.AddVerb("plans", "The library of plans: what there is to start from",
                                    "faultline plans show split-brain", Bind(ListPlans));
    Add(plans, "show", "Print one, to run or to change", "faultline plans show split-brain > mine.yaml", ShowPlan)
        .add_option("NAME", arguments_->plan.plan, "Its name")
        ->required()
        ->type_name("PLAN");
  }

 private:
  // The verbs outlive this object.
  CommandLine::Command Bind(Handler handler) {
    return [&line = line_, arguments = arguments_, handler] { return handler(line.common(), *arguments); };
  }

  CLI::App& Add(CLI::App& parent, const std::string& name, const std::string& help, const std::string& example,
                Handler handler) {
    return line_.AddVerb(parent, name, help, example, Bind(handler));
  }

  CLI::App& WithPlan(const std::string& name, const std::string& help, const std::string& example, Handler handler) {
    CLI::App& verb = Add(plan_, name, help, example, handler);
    verb.add_option("PLAN", arguments_->plan.plan, kPlanHelp)->required()->type_name("PLAN");
    AddSet(verb);
    return verb;
  }

  void AddSet(CLI::App& verb) {
    verb.add_option("--set", arguments_->plan.set, "NAME=VALUE: sets a variable of the plan; may be given again")
        ->expected(1)
        ->take_all();
  }

  CommandLine& line_;
  CLI::App& plan_;
  const std::shared_ptr<PlanVerbArguments> arguments_ = std::make_shared<PlanVerbArguments>();
};

}  // namespace

void AddPlanVerbs(CommandLine& line) {
  PlanVerbs verbs(line);
  verbs.AddPlan();
  verbs.AddLibrary();
}

}  // namespace faultline
