#include "controller/cli/watch.h"

#include <atomic>
#include <csignal>
#include <iostream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/timeline_codec.h"
#include "controller/cli/output.h"
#include "controller/report/render_matrix.h"

namespace faultline {
namespace {

volatile std::sig_atomic_t interrupts = 0;

void CountInterrupt(int /*signal*/) { interrupts = interrupts + 1; }

// Counts SIGINT and SIGTERM while it lives.
class InterruptScope {
 public:
  InterruptScope() {
    struct sigaction action = {};
    action.sa_handler = CountInterrupt;
    sigaction(SIGINT, &action, &old_int_);
    sigaction(SIGTERM, &action, &old_term_);
  }
  ~InterruptScope() {
    sigaction(SIGINT, &old_int_, nullptr);
    sigaction(SIGTERM, &old_term_, nullptr);
  }

 private:
  struct sigaction old_int_ = {};
  struct sigaction old_term_ = {};
};

Duration Decoded(const google::protobuf::Duration& message) { return DecodeDuration(message).value_or(Duration(0)); }

// Tenths of a second are enough for people.
std::string Rough(Duration duration) {
  return absl::StrCat(
      std::chrono::duration_cast<std::chrono::seconds>(duration + std::chrono::milliseconds(500)).count(), " s");
}

// Prints what is new since the last call.
class Follower {
 public:
  explicit Follower(const WatchOptions& options)
      : options_(options), style_(StyleOfStdout()), terminal_(StdoutIsTerminal()) {}

  void Show(const v1::WatchRunResponse& update) {
    if (options_.quiet) return;
    if (options_.matrices) ShowStages(update.run());
    ShowProgress(update);
    std::cout << std::flush;
  }

 private:
  void ShowStages(const v1::Run& run) {
    for (; stages_shown_ < run.stages_size(); ++stages_shown_) {
      ClearLine();
      std::cout << "\n" << RenderMatrix(run.stages(stages_shown_), style_);
    }
  }

  void ShowProgress(const v1::WatchRunResponse& update) {
    if (update.run().state() == v1::RUN_STATE_ENDED) return ClearLine();
    const std::string line = ProgressLine(update);
    if (terminal_) {
      ClearLine();
      std::cout << line;
      line_open_ = true;
    } else if (line.substr(0, line.find(':')) != last_stage_) {
      // A file gets a line a stage.
      last_stage_ = line.substr(0, line.find(':'));
      std::cout << line << "\n";
    }
  }

  static std::string ProgressLine(const v1::WatchRunResponse& update) {
    const v1::Run& run = update.run();
    if (!update.has_elapsed()) return absl::StrCat(run.id(), ": arming on ", run.nodes_size(), " nodes");
    const Duration elapsed = Decoded(update.elapsed());
    if (elapsed < Duration(0)) return absl::StrCat(run.id(), " armed: starts in ", Rough(-elapsed));
    int number = 0;
    for (const v1::StageSchedule& stage : run.schedule()) {
      ++number;
      if (elapsed >= Decoded(stage.end())) continue;
      return absl::StrCat(run.id(), " stage ", number, " of ", run.schedule_size(), ", ", stage.name(), ": ",
                          Rough(Decoded(stage.end()) - elapsed), " left, the run ends in ",
                          Rough(Decoded(run.length()) - elapsed));
    }
    return absl::StrCat(run.id(), " over: waiting for the last reports");
  }

  void ClearLine() {
    if (line_open_) std::cout << "\r\033[K";
    line_open_ = false;
  }

  const WatchOptions options_;
  const TerminalStyle style_;
  const bool terminal_;
  int stages_shown_ = 0;
  bool line_open_ = false;
  std::string last_stage_;
};

}  // namespace

absl::StatusOr<v1::Run> WatchUntilOver(Client& client, const std::string& run_id, const WatchOptions& options) {
  interrupts = 0;
  const InterruptScope scope;
  grpc::ClientContext context;
  v1::WatchRunRequest request;
  request.set_run_id(run_id);
  const auto stream = client.stub().WatchRun(&context, request);
  Follower follower(options);
  v1::WatchRunResponse update;
  std::thread abort;
  // The controller writes at least twice a second, so signals are seen in time.
  while (stream->Read(&update)) {
    follower.Show(update);
    if (interrupts == 1 && !abort.joinable()) {
      std::cerr << "\naborting " << run_id << ": healing every node (again to leave at once)\n";
      abort = std::thread([&client, run_id] {
        v1::AbortRunRequest abort_request;
        abort_request.set_run_id(run_id);
        const auto aborted = client.Call(&v1::ControlService::Stub::AbortRun, abort_request);
        if (!aborted.ok()) std::cerr << "abort: " << aborted.status().message() << "\n";
      });
    }
    if (interrupts > 1) context.TryCancel();
  }
  const absl::Status status = FromGrpc(stream->Finish());
  if (abort.joinable()) abort.join();
  if (!status.ok()) return status;
  return update.run();
}

}  // namespace faultline
