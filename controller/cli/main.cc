#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>

#include "controller/cli/commands.h"

namespace faultline {
namespace {

constexpr const char* kFooter =
    "Groups of block and partition: CIDRs (172.32.0.0/16,fd20::/48), labels (region=eu-west-2), node names or globs\n"
    "(lon-1,lon-2*), or @FILE with a CIDR a line. Durations need a unit: 250ms, 30s, 1h30m.\n"
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
    AddAdHoc("block", "Block packets between two groups for a while")
        ->add_flag("--one-way", arguments_.ad_hoc.one_way, "Only what A sends to B");
    AddAdHoc("partition", "Cut two groups off from each other for a while, both ways");
    Add(app_, "abort", "End a run now; every node heals",
        [this] { return AbortRun(arguments_.common, arguments_.run); })
        ->add_option("RUN", arguments_.run, "Its id, as `faultline runs` shows it")
        ->required();
    Add(app_, "heal", "End every run now; every node heals", [this] {
      return HealAll(arguments_.common);
    })->add_flag("--all", arguments_.all, "All runs, as without it");
  }

  CLI::App* AddAdHoc(const std::string& verb, const std::string& help) {
    CLI::App* sub = Add(app_, verb, help, [this, verb] {
      arguments_.ad_hoc.verb = verb;
      return RunAdHoc(arguments_.common, arguments_.ad_hoc, arguments_.watch, arguments_.detach);
    });
    sub->add_option("A", arguments_.ad_hoc.first, "A group")->required();
    sub->add_option("B", arguments_.ad_hoc.second, "A group")->required();
    sub->add_option("--for", arguments_.ad_hoc.length, "How long, with a unit: 30s")->required();
    AddFollowing(*sub);
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
