#include "controller/guard/host_worker.h"

#include "controller/guard/command_runner.h"
#include "controller/guard/http_check.h"
#include "controller/guard/name_lookup.h"
#include "controller/guard/tcp_check.h"

namespace faultline {
namespace {

constexpr absl::string_view kCrowded = "the controller has too many checks and commands at once";

struct Checker {
  const CheckRequest& request;
  const StopSignal& stop;

  CheckResult operator()(const Command& command) const {
    return JudgeCommand(RunCommand({command, request.context, request.timeout}, stop));
  }
  CheckResult operator()(const HttpCheck& check) const { return CheckHttp(check, request.timeout, stop); }
  CheckResult operator()(const TcpCheck& check) const { return CheckTcp(check, request.timeout, stop); }
};

}  // namespace

HostWorker::HostWorker(const HostThreads& threads)
    : checks_(threads.checks), commands_(threads.commands), lookups_(threads.lookups) {}

HostWorker::~HostWorker() { Stop(); }

void HostWorker::Check(CheckRequest request, std::function<void(CheckResult)> done) {
  checks_.Add([this, request = std::move(request), done = std::move(done)](bool crowded) {
    const CheckResult result = crowded ? CheckResult{.passed = false, .detail = std::string(kCrowded)}
                                       : std::visit(Checker{request, stop_}, request.check);
    if (!stop_.raised()) done(result);
  });
}

void HostWorker::Run(CommandRequest request, std::function<void(CommandResult)> done) {
  commands_.Add([this, request = std::move(request), done = std::move(done)](bool crowded) {
    const CommandResult result =
        crowded ? CommandResult{.exit_code = 127, .output = std::string(kCrowded)} : RunCommand(request, stop_);
    if (!stop_.raised()) done(result);
  });
}

void HostWorker::LookUp(std::vector<std::string> names, std::function<void(absl::StatusOr<LookedUp>)> done) {
  // Without a name there is nobody to wait for, so neither is its turn.
  WorkPool& pool = names.empty() ? checks_ : lookups_;
  pool.Add([this, names = std::move(names), done = std::move(done)](bool crowded) {
    const absl::StatusOr<LookedUp> found = crowded ? absl::StatusOr<LookedUp>(absl::ResourceExhaustedError(kCrowded))
                                                   : LookUpNames(names, kLookUpTime, stop_);
    if (!stop_.raised()) done(found);
  });
}

void HostWorker::Stop() {
  for (WorkPool* pool : {&checks_, &commands_, &lookups_}) pool->Stop();
  stop_.Raise();
  for (WorkPool* pool : {&checks_, &commands_, &lookups_}) pool->Join();
}

}  // namespace faultline
