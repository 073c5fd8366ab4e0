#include <memory>

#include "absl/strings/str_cat.h"
#include "controller/cli/ad_hoc_plan.h"
#include "controller/cli/call.h"
#include "controller/cli/plan_source.h"
#include "controller/cli/run_source.h"
#include "controller/cli/verbs.h"

namespace faultline {
namespace {

struct FaultArguments {
  AdHocPlan plan;
  RunArguments run;
};

ExitCode RunAdHoc(const CommonArguments& common, const FaultArguments& arguments) {
  const absl::StatusOr<AdHocText> text = AdHocText::Write(arguments.plan);
  if (!text.ok()) return Fail(text.status(), ExitCode::kUsage);
  const absl::StatusOr<v1::PlanSource> source = WholePlan(text->text(), /*directory=*/"", text->name());
  const absl::StatusOr<ExitCode> code =
      source.ok() ? RunSource(common, *source, arguments.run) : absl::StatusOr<ExitCode>(source.status());
  if (code.ok()) return *code;
  return Fail(absl::Status(code.status().code(), text->Explain(code.status().message())));
}

// One verb, with all that the faults' verbs have in common.
class FaultVerb {
 public:
  FaultVerb(CommandLine& line, const std::string& verb, const std::string& help, const std::string& example)
      : arguments_(std::make_shared<FaultArguments>()),
        app_(line.AddVerb(verb, help, example,
                          [&line, arguments = arguments_] { return RunAdHoc(line.common(), *arguments); })) {
    AdHocPlan& plan = arguments_->plan;
    plan.verb = verb;
    app_.add_option("A", plan.first, "A group")->required();
    app_.add_option("B", plan.second, "A group")->required();
    app_.add_option("--for", plan.length, "How long, with a unit: 30s")->required();
    for (const AdHocOption& option : AdHocOptions(verb)) AddOption(option);
    AddRunOptions(app_, arguments_->run);
  }

  FaultVerb& SecurityGroup() {
    app_.add_flag("--security-group", arguments_->plan.security_group,
                  "As a security group does it: new connections only, established ones live on")
        ->group("Which packets");
    return *this;
  }

  FaultVerb& OneWay() {
    app_.add_flag("--one-way", arguments_->plan.one_way, "Only what A sends to B")->group("Which packets");
    return *this;
  }

 private:
  void AddOption(const AdHocOption& option) {
    const auto set = [arguments = arguments_, name = std::string(option.name)](const std::string& value) {
      arguments->plan.options[name] = value;
    };
    CLI::Option* added = app_.add_option_function<std::string>(absl::StrCat("--", option.name), set, option.help);
    added->group(option.title);
    if (option.required) added->required();
    if (option.form == AdHocOption::Form::kList) added->join(',');
  }

  const std::shared_ptr<FaultArguments> arguments_;
  CLI::App& app_;
};

}  // namespace

void AddFaultVerbs(CommandLine& line) {
  FaultVerb(line, "block", "Block packets between two groups for a while",
            "faultline block region=eu-west-2 region=eu-west-3 --one-way --protocol tcp --ports 3002 --action reject "
            "--for 30s")
      .SecurityGroup()
      .OneWay();
  FaultVerb(line, "partition", "Cut two groups off from each other for a while, both ways",
            "faultline partition 172.32.0.0/16 172.33.0.0/16 --exclude 172.33.9.9 --for 1m")
      .SecurityGroup();
  FaultVerb(line, "flap", "Cut two groups off from each other again and again for a while",
            "faultline flap region=eu-west-2 region=eu-west-3 --down 2s --up 5s --for 1m")
      .SecurityGroup()
      .OneWay();
  FaultVerb(line, "impair", "Delay, lose, duplicate, corrupt, reorder or slow packets between two groups for a while",
            "faultline impair region=us-west-2 region=ap-south-1 --rtt 300ms --jitter 10ms --distribution normal "
            "--loss 0.1% --for 2m")
      .OneWay();
}

}  // namespace faultline
