#include "agent/command_line.h"

#include "common/arguments.h"

namespace faultline {
namespace {

using Verb = CommandLine::Verb;

CLI::App* AddVerb(CLI::App& app, CommandLine& command, Verb verb, const char* name, const char* description) {
  CLI::App* const added = app.add_subcommand(name, description);
  added->fallthrough()->callback([&command, verb] { command.verb = verb; });
  return added;
}

void AddHeal(CLI::App& app, CommandLine& command) {
  CLI::App* const heal = AddVerb(app, command, Verb::kHeal, "heal",
                                 "End every fault on this node now, through the running agent or without one; one "
                                 "that hangs and so keeps its faults from being removed is killed");
  heal->add_flag("--no-kill", command.no_kill, "Rather leave the faults of an agent that hangs until their lease ends");
}

void AddStatus(CLI::App& app, CommandLine& command) {
  CLI::App* const status = AddVerb(app, command, Verb::kStatus, "status",
                                   "What of faultline is in this node's kernel, and when the kernel itself ends it");
  status->add_flag("--json", command.json, "Print JSON");
}

void AddDoctor(CLI::App& app, CommandLine& command) {
  CLI::App* const doctor =
      AddVerb(app, command, Verb::kDoctor, "doctor",
              "Whether this node can do what plans will ask, and what would mend it; changes nothing");
  doctor->add_flag("--json", command.show.json, "Print JSON");
  doctor->add_flag("--strict", command.show.strict, "Exit with 4 for a warning too");
  doctor->footer("Signs: ✓ as it should be; ! some plans cannot run, or not exactly; ✗ this node cannot take part.");
}

void AddLogLevel(CLI::App& app, CommandLine& command) {
  CLI::App* const verb =
      AddVerb(app, command, Verb::kLogLevel, "log-level",
              "The level of the running agent's log, or another one until it is told otherwise or ends");
  verb->add_option("LEVEL", command.level, "debug, info, warning or error");
}

void AddRealTime(CLI::App& app, CommandLine& command) {
  AddVerb(app, command, Verb::kRealTime, "realtime",
          "Have the running agent's faults begin and end on time on a busy machine too, by real-time priority of the "
          "one thread that carries them out; the service does it at its start");
}

void AddEnroll(CLI::App& app, CommandLine& command) {
  CLI::App* const enroll =
      AddVerb(app, command, Verb::kEnroll, "enroll",
              "Make this node's key, and trade a token for a certificate: the key never leaves it");
  enroll->add_option("--controller", command.enrolment.controller,
                     "HOST:PORT, and remembered; otherwise the configuration's");
  enroll->add_option("--token", command.enrolment.token, "From `faultline token create`; -: on standard input")
      ->envname("FAULTLINE_TOKEN")
      ->required();
  enroll->add_option("--name", command.enrolment.name, "The node's; otherwise the configuration's, or the host's");
  enroll->footer("Example: faultline-agent enroll --controller c.example:7400 --token fl1....");
}

}  // namespace

std::optional<int> ReadCommandLine(int argc, char** argv, CommandLine& command) {
  CLI::App app(
      "faultline-agent: carries out network faults on this node, and always heals them.\n"
      "Without a command it runs as a daemon until SIGTERM.");
  app.set_version_flag("--version", FAULTLINE_VERSION);
  app.add_option("--config", command.config_file, "Configuration file")->capture_default_str()->type_name("FILE");
  app.add_flag("--insecure", command.insecure,
               "Speak to the controller without TLS, on a network that is itself trusted");
  app.fallthrough()->require_subcommand(0, 1);
  AddHeal(app, command);
  AddStatus(app, command);
  AddDoctor(app, command);
  AddLogLevel(app, command);
  AddRealTime(app, command);
  AddEnroll(app, command);
  app.footer(
      "SIGHUP has the daemon read the log's level in its configuration again.\n"
      "Exit codes: 0 stopped, healed or enrolled, or status: nothing of faultline is in this kernel; 1 failed; 2 wrong "
      "usage or "
      "configuration; 3 status: something is; 4 doctor: something is bad.");
  return ParseArguments(app, argc, argv);
}

}  // namespace faultline
