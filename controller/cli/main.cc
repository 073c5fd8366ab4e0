#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/cli/commands.h"

namespace faultline {
namespace {

constexpr const char* kFooter =
    "Groups (A and B): CIDRs (172.32.0.0/16,fd20::/48), labels (region=eu-west-2), node names or globs\n"
    "(lon-1,lon-2*), or @FILE with a CIDR a line. Durations need a unit: 250ms, 30s, 1h30m; so do shares: 1%, 200ppm.\n"
    "Exit codes: 0 done and verified, 1 the fault did not take or verification failed, 2 usage or plan error,\n"
    "3 refused by a node, 4 controller unreachable.";

// Everything the commands' options are parsed into.
struct Arguments {
  CommonArguments common;
  std::string file;
  std::string run;
  bool watch = false;
  bool detach = false;
  bool all = false;
  AdHocPlan ad_hoc;
};

class CommandLine {
 public:
  CommandLine() : app_("faultline: makes network faults between groups of nodes, proves them, and heals them.") {
    const char* const target = std::getenv("FAULTLINE_CONTROLLER");
    arguments_.common.controller = target != nullptr ? target : "unix:/run/faultline/controller.sock";
    app_.set_version_flag("--version", FAULTLINE_VERSION);
    app_.add_option("--controller", arguments_.common.controller,
                    "unix:PATH or HOST:PORT of the controller (environment: FAULTLINE_CONTROLLER)")
        ->capture_default_str();
    app_.add_flag("--insecure", arguments_.common.insecure, "Allow plaintext beyond loopback and the test range");
    app_.add_flag("--json", arguments_.common.json, "Print JSON");
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.footer(kFooter);
    AddPlanCommands();
    AddRunCommands();
    AddViewCommands();
  }

  ExitCode Run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? ExitCode::kOk : ExitCode::kUsage;
    }
    return command_();
  }

 private:
  using Command = std::function<ExitCode()>;

  CLI::App* Add(CLI::App& parent, const std::string& name, const std::string& help, Command command) {
    CLI::App* sub = parent.add_subcommand(name, help);
    sub->callback([this, command] { command_ = command; });
    sub->fallthrough();
    return sub;
  }

  void AddPlanCommands() {
    CLI::App* plan = app_.add_subcommand("plan", "Look at a plan without running it");
    plan->require_subcommand(1);
    plan->fallthrough();
    Add(*plan, "check", "Say everything that is wrong with a plan; with a controller, against its nodes too",
        [this] { return CheckPlan(arguments_.common, arguments_.file); })
        ->add_option("FILE", arguments_.file, "The plan")
        ->required();
    Add(*plan, "preview", "Show what each node would do, and who would reach whom",
        [this] { return PreviewPlan(arguments_.common, arguments_.file); })
        ->add_option("FILE", arguments_.file, "The plan")
        ->required();
  }

  void AddRunCommands() {
    CLI::App* run = Add(app_, "run", "Run a plan on all its nodes, or on none; wait for its end and verdict", [this] {
      return RunPlan(arguments_.common, arguments_.file, arguments_.watch, arguments_.detach);
    });
    run->add_option("FILE", arguments_.file, "The plan")->required();
    AddFollowing(*run);
    AddAdHocCommands();
    Add(app_, "abort", "End a run now; every node heals",
        [this] { return AbortRun(arguments_.common, arguments_.run); })
        ->add_option("RUN", arguments_.run, "Its id, as `faultline runs` shows it")
        ->required();
    Add(app_, "heal", "End every run now; every node heals", [this] {
      return HealAll(arguments_.common);
    })->add_flag("--all", arguments_.all, "All runs, as without it");
  }

  void AddAdHocCommands() {
    AddOneWay(AddCut("block", "Block packets between two groups for a while",
                     "faultline block region=eu-west-2 region=eu-west-3 --one-way --protocol tcp --ports 3002 "
                     "--action reject --for 30s"));
    AddCut("partition", "Cut two groups off from each other for a while, both ways",
           "faultline partition 172.32.0.0/16 172.33.0.0/16 --exclude 172.33.9.9 --for 1m");
    AddOneWay(AddCut("flap", "Cut two groups off from each other again and again for a while",
                     "faultline flap region=eu-west-2 region=eu-west-3 --down 2s --up 5s --for 1m"));
    AddOneWay(AddAdHoc("impair",
                       "Delay, lose, duplicate, corrupt, reorder or slow packets between two groups for a while",
                       "faultline impair region=us-west-2 region=ap-south-1 --rtt 300ms --jitter 10ms "
                       "--distribution normal --loss 0.1% --for 2m"));
  }

  CLI::App* AddCut(const std::string& verb, const std::string& help, const std::string& example) {
    CLI::App* sub = AddAdHoc(verb, help, example);
    sub->add_flag("--security-group", arguments_.ad_hoc.security_group,
                  "As a security group does it: new connections only, established ones live on")
        ->group("Which packets");
    return sub;
  }

  void AddOneWay(CLI::App* sub) {
    sub->add_flag("--one-way", arguments_.ad_hoc.one_way, "Only what A sends to B")->group("Which packets");
  }

  CLI::App* AddAdHoc(const std::string& verb, const std::string& help, const std::string& example) {
    CLI::App* sub = Add(app_, verb, help, [this, verb] {
      arguments_.ad_hoc.verb = verb;
      return RunAdHoc(arguments_.common, arguments_.ad_hoc, arguments_.watch, arguments_.detach);
    });
    sub->add_option("A", arguments_.ad_hoc.first, "A group")->required();
    sub->add_option("B", arguments_.ad_hoc.second, "A group")->required();
    sub->add_option("--for", arguments_.ad_hoc.length, "How long, with a unit: 30s")->required();
    for (const AdHocOption& option : AdHocOptions(verb)) {
      const auto set = [this, name = std::string(option.name)](const std::string& value) {
        arguments_.ad_hoc.options[name] = value;
      };
      CLI::Option* added = sub->add_option_function<std::string>(absl::StrCat("--", option.name), set, option.help);
      added->group(option.title);
      if (option.required) added->required();
      if (option.form == AdHocOption::Form::kList) added->join(',');
    }
    AddFollowing(*sub);
    sub->footer(absl::StrCat("Example: ", example));
    return sub;
  }

  void AddFollowing(CLI::App& sub) {
    sub.add_flag("--watch", arguments_.watch, "Print every stage's planned and observed matrix as it ends");
    sub.add_flag("--detach", arguments_.detach, "Print the run's id once it has begun, and do not wait");
  }

  void AddViewCommands() {
    Add(app_, "nodes", "Every node the controller knows", [this] { return ListNodes(arguments_.common); });
    Add(app_, "runs", "Every run, newest first", [this] { return ListRuns(arguments_.common); });
    Add(app_, "show", "One run: its steps, stages, nodes and verdict",
        [this] { return ShowRun(arguments_.common, arguments_.run); })
        ->add_option("RUN", arguments_.run, "Its id")
        ->required();
    Add(app_, "matrix", "Who reaches whom now, as the probes saw it", [this] {
      return ShowMatrix(arguments_.common, arguments_.watch);
    })->add_flag("--watch", arguments_.watch, "Again every second");
  }

  CLI::App app_;
  Arguments arguments_;
  Command command_;
};

}  // namespace
}  // namespace faultline

int main(int argc, char** argv) {
  // A pipe that closes early must not end the following of a run.
  signal(SIGPIPE, SIG_IGN);
  return static_cast<int>(faultline::CommandLine().Run(argc, argv));
}
