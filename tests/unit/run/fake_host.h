#pragma once

#include <string>
#include <utility>
#include <vector>

#include "controller/guard/host_work.h"

namespace faultline {

// Keeps what is asked of the host until its test answers. Not thread-safe.
class FakeHost : public HostWork {
 public:
  void Check(CheckRequest request, std::function<void(CheckResult)> done) override {
    checks_.push_back({std::move(request), std::move(done)});
  }
  void Run(CommandRequest request, std::function<void(CommandResult)> done) override {
    commands_.push_back({std::move(request), std::move(done)});
  }
  void LookUp(std::vector<std::string> names, std::function<void(absl::StatusOr<LookedUp>)> done) override {
    lookups_.push_back({std::move(names), std::move(done)});
  }

  std::size_t checks() const { return checks_.size(); }
  std::size_t lookups() const { return lookups_.size(); }
  // What waits, as "moment step: file arguments".
  std::vector<std::string> Commands() const {
    std::vector<std::string> texts;
    for (const auto& [request, done] : commands_) {
      std::string text = request.context.moment + " " + request.context.step + ":";
      for (const std::string& argument : request.command.arguments) text += " " + argument;
      texts.push_back(std::move(text));
    }
    return texts;
  }

  // Each answers all that waits. What is asked meanwhile waits for the next.
  void AnswerChecks(const CheckResult& result) {
    for (auto& [request, done] : std::exchange(checks_, {})) done(result);
  }
  void AnswerCommands(const CommandResult& result) {
    for (auto& [request, done] : std::exchange(commands_, {})) done(result);
  }
  // Of what waits only the first. REQUIRES: something does.
  void AnswerFirstCommand(const CommandResult& result) {
    const auto done = std::move(commands_.front().second);
    commands_.erase(commands_.begin());
    done(result);
  }
  // With these addresses for every name.
  void AnswerLookups(const std::vector<IpAddress>& addresses = {}) {
    for (auto& [names, done] : std::exchange(lookups_, {})) {
      LookedUp found;
      for (const std::string& name : names) found.emplace_back(name, addresses);
      done(std::move(found));
    }
  }
  void FailLookups(const absl::Status& status) {
    for (auto& [names, done] : std::exchange(lookups_, {})) done(status);
  }

 private:
  template <typename Request, typename Result>
  using Waiting = std::vector<std::pair<Request, std::function<void(Result)>>>;

  Waiting<CheckRequest, CheckResult> checks_;
  Waiting<CommandRequest, CommandResult> commands_;
  Waiting<std::vector<std::string>, absl::StatusOr<LookedUp>> lookups_;
};

}  // namespace faultline
