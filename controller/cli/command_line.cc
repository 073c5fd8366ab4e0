#include "controller/cli/command_line.h"

#include <cstdlib>
#include <iostream>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/arguments.h"
#include "common/status.h"
#include "controller/cli/context_book.h"

namespace faultline {
namespace {

constexpr char kMend[] =
    "`faultline login` gives you these files, as do --tls-ca, --tls-certificate and --tls-key; --insecure does without "
    "TLS where the network itself is trusted";

constexpr const char* kFooter =
    "Plans: a file, or the name of one of `faultline plans`. Groups (A and B): CIDRs (172.32.0.0/16,fd20::/48), "
    "labels\n"
    "(region=eu-west-2), node names or globs (lon-1,lon-2*), or @FILE with a CIDR a line. Durations need a unit: "
    "250ms,\n"
    "30s, 1h30m; so do shares: 1%, 200ppm.\n"
    "Exit codes: 0 done and verified, 1 the fault did not take or verification failed, 2 usage or plan error,\n"
    "3 refused, nothing was applied, 4 controller unreachable, 5 doctor: a node is bad or silent.";

}  // namespace

CommandLine::CommandLine()
    : app_("faultline: makes network faults between groups of nodes, proves them, and heals them.") {
  common_.controller = "unix:/run/faultline/controller.sock";
  context_ = TakeContext();
  // With the context's files for TLS, as with --controller.
  if (const char* const target = std::getenv("FAULTLINE_CONTROLLER"); target != nullptr) {
    common_.controller = target;
    context_ = absl::OkStatus();
  }
  common_.security.mend = kMend;
  app_.set_version_flag("--version", FAULTLINE_VERSION);
  app_.add_option("--controller", common_.controller,
                  "unix:PATH or HOST:PORT of the controller (environment: FAULTLINE_CONTROLLER; else the context's, "
                  "see `faultline context`)")
      ->capture_default_str();
  app_.add_option("--tls-ca", common_.security.tls.ca, "To a HOST:PORT: whose certificate the controller must have")
      ->type_name("FILE");
  app_.add_option("--tls-certificate", common_.security.tls.certificate, "To a HOST:PORT: your own certificate")
      ->type_name("FILE");
  app_.add_option("--tls-key", common_.security.tls.key, "To a HOST:PORT: the key of your certificate")
      ->type_name("FILE");
  app_.add_flag("--insecure", common_.security.insecure, "Without TLS, on a network that is itself trusted");
  app_.add_flag("--json", common_.json, "Print JSON");
  app_.require_subcommand(1);
  app_.fallthrough();
  app_.footer(kFooter);
}

CLI::App& CommandLine::AddNoun(const std::string& name, const std::string& help) {
  CLI::App* const noun = app_.add_subcommand(name, help);
  noun->require_subcommand(1);
  noun->fallthrough();
  return *noun;
}

CLI::App& CommandLine::AddVerb(CLI::App& parent, const std::string& name, const std::string& help,
                               const std::string& example, Command command) {
  CLI::App* const verb = parent.add_subcommand(name, help);
  // The outermost is called last: a verb with a verb of its own gives way to it.
  verb->callback([this, verb, command = std::move(command)] {
    if (verb->get_subcommands().empty()) command_ = command;
  });
  verb->fallthrough();
  if (!example.empty()) verb->footer(absl::StrCat("Example: ", example));
  return *verb;
}

absl::Status CommandLine::TakeContext() {
  const ContextBook book(ContextBook::DefaultFolder());
  const char* const said = std::getenv("FAULTLINE_CONTEXT");
  std::optional<std::string> name;
  if (said != nullptr && *said != '\0') {
    name = said;
  } else {
    FAULTLINE_ASSIGN_OR_RETURN(name, book.Current());
  }
  if (!name) return absl::OkStatus();
  FAULTLINE_ASSIGN_OR_RETURN(const Context context, book.Get(*name));
  common_.controller = context.controller;
  common_.security.tls = context.tls;
  return absl::OkStatus();
}

int CommandLine::Run(int argc, char** argv) {
  if (const std::optional<int> code = ParseArguments(app_, argc, argv)) return *code;
  // Another controller than the one that was meant is worse than none. What mends that goes on.
  const bool mends = app_.got_subcommand("context") || app_.got_subcommand("login") || app_.got_subcommand("pki");
  if (!context_.ok() && !mends && app_.get_option("--controller")->count() == 0) {
    std::cerr << context_.message() << "\n";
    return kWrongUsage;
  }
  return static_cast<int>(command_());
}

}  // namespace faultline
