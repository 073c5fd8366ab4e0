#include "tests/bench/controller_process.h"

#include <google/protobuf/util/json_util.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/file.h"
#include "common/status.h"
#include "faultline/v1/control.pb.h"
#include "tests/measure/process.h"

namespace faultline::bench {
namespace {

using measure::ProcessResult;
using measure::RunProcess;
using measure::ToStatus;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr int kLookMs = 100;

}  // namespace

absl::StatusOr<std::unique_ptr<ControllerProcess>> ControllerProcess::Start(measure::Interrupts& interrupts,
                                                                            const ControllerSetup& setup) {
  std::string folder = (std::filesystem::temp_directory_path() / "faultline-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return ErrnoError(errno, absl::StrCat("mkdtemp ", folder));
  std::unique_ptr<ControllerProcess> controller(new ControllerProcess(interrupts, folder));
  FAULTLINE_RETURN_IF_ERROR(controller->Launch(setup));
  const absl::Time deadline = absl::Now() + kPatience;
  while (true) {
    const absl::Status answers = controller->Faultline({"nodes"}).status();
    if (answers.ok()) return controller;
    if (absl::IsCancelled(answers) || absl::Now() > deadline) return answers;
  }
}

ControllerProcess::~ControllerProcess() {
  process_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

absl::Status ControllerProcess::Launch(const ControllerSetup& setup) {
  const std::string config = absl::StrCat(folder_, "/controller.yaml");
  FAULTLINE_RETURN_IF_ERROR(WriteFile(config, absl::StrCat("listen: ", kListen, "\nsocket: ", folder_,
                                                           "/socket\nstate: ", folder_, "/state\n", setup.config)));
  std::vector<std::string> command = {ProgramPath("faultline-controller"), "--config", config};
  if (setup.insecure) command.push_back("--insecure");
  FAULTLINE_ASSIGN_OR_RETURN(process_, DaemonProcess::Start(command, absl::StrCat(folder_, "/log")));
  return absl::OkStatus();
}

absl::StatusOr<std::string> ControllerProcess::Faultline(const std::vector<std::string>& arguments,
                                                         const std::string& input) {
  std::vector<std::string> command = {ProgramPath("faultline"), "--controller", socket()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  ProcessResult result = RunProcess(command, {.input = input, .interrupts = &interrupts_});
  if (interrupts_.Caught()) return absl::CancelledError("interrupted");
  FAULTLINE_RETURN_IF_ERROR(ToStatus(result, command));
  return std::move(result.output);
}

absl::StatusOr<std::string> ControllerProcess::Begin(const std::string& plan) {
  FAULTLINE_ASSIGN_OR_RETURN(std::string id, Faultline({"run", "/dev/stdin", "--detach"}, plan));
  absl::StripAsciiWhitespace(&id);
  return id;
}

absl::StatusOr<v1::Run> ControllerProcess::AwaitEnd(const std::string& run_id) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (true) {
    FAULTLINE_ASSIGN_OR_RETURN(const std::string text, Faultline({"show", run_id, "--json"}));
    v1::GetRunResponse response;
    const auto status = google::protobuf::util::JsonStringToMessage(text, &response);
    if (!status.ok()) return absl::InternalError(absl::StrCat("show ", run_id, ": no run"));
    if (response.run().state() == v1::RUN_STATE_ENDED) return response.run();
    if (absl::Now() > deadline) return absl::DeadlineExceededError(absl::StrCat(run_id, " did not end"));
    pollfd interrupted{.fd = interrupts_.fd(), .events = POLLIN, .revents = 0};
    poll(&interrupted, 1, kLookMs);
  }
}

}  // namespace faultline::bench
