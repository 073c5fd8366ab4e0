#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "common/rpc/credentials.h"
#include "controller/cli/exit_code.h"

namespace faultline {

// What holds for every command.
struct CommonArguments {
  std::string controller;
  Security security;
  bool json = false;
};

// The command `faultline` with its verbs. Each group of verbs adds itself; Run carries out the one that was typed.
class CommandLine {
 public:
  using Command = std::function<ExitCode()>;

  CommandLine();

  const CommonArguments& common() const { return common_; }

  // A word that needs another one after it, such as "plan".
  CLI::App& AddNoun(const std::string& name, const std::string& help);
  // A verb; `command` runs when it was typed and everything has been parsed. `example` ends its help.
  CLI::App& AddVerb(CLI::App& parent, const std::string& name, const std::string& help, const std::string& example,
                    Command command);
  CLI::App& AddVerb(const std::string& name, const std::string& help, const std::string& example, Command command) {
    return AddVerb(app_, name, help, example, std::move(command));
  }

  // The program's exit code.
  int Run(int argc, char** argv);

 private:
  // The controller that FAULTLINE_CONTEXT names, or the person's file.
  absl::Status TakeContext();

  CLI::App app_;
  CommonArguments common_;
  // Why the context is of no use.
  absl::Status context_;
  Command command_;
};

}  // namespace faultline
