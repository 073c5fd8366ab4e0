#include "controller/cli/watch.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <iostream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/timeline_codec.h"
#include "common/unique_fd.h"
#include "controller/cli/output.h"
#include "controller/report/render_matrix.h"

namespace faultline {
namespace {

// Where the signal handler leaves its marks.
int interrupt_fd = -1;

void MarkInterrupt(int /*signal*/) {
  const std::uint64_t one = 1;
  // Nothing can be done in a handler when it fails; the person will press again.
  [[maybe_unused]] const ssize_t written = write(interrupt_fd, &one, sizeof(one));
}

// While it lives, the first SIGINT or SIGTERM aborts the run and the second ends the watching, whatever the controller
// does meanwhile.
class InterruptScope {
 public:
  InterruptScope(Client& client, std::string run_id, grpc::ClientContext& watch)
      : client_(client), run_id_(std::move(run_id)), watch_(watch), fd_(eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE)) {
    interrupt_fd = fd_.get();
    struct sigaction action = {};
    action.sa_handler = MarkInterrupt;
    sigaction(SIGINT, &action, &old_int_);
    sigaction(SIGTERM, &action, &old_term_);
    thread_ = std::thread([this] { Loop(); });
  }
  ~InterruptScope() {
    sigaction(SIGINT, &old_int_, nullptr);
    sigaction(SIGTERM, &old_term_, nullptr);
    stopping_ = true;
    MarkInterrupt(0);
    thread_.join();
    if (abort_.joinable()) abort_.join();
  }

 private:
  void Loop() {
    std::uint64_t mark = 0;
    while (read(fd_.get(), &mark, sizeof(mark)) == sizeof(mark) && !stopping_) {
      if (abort_.joinable()) {
        watch_.TryCancel();
        continue;
      }
      std::cerr << "\naborting " << run_id_ << ": healing every node (again to leave at once)\n";
      abort_ = std::thread([this] { Abort(); });
    }
  }

  void Abort() {
    v1::AbortRunRequest request;
    request.set_run_id(run_id_);
    v1::AbortRunResponse response;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(3));
    const grpc::Status status = client_.stub().AbortRun(&context, request, &response);
    if (status.ok()) return;
    std::cerr << run_id_ << " is not known to be healed yet (" << status.error_message() << "); see `faultline show "
              << run_id_ << "`\n";
  }

  Client& client_;
  const std::string run_id_;
  grpc::ClientContext& watch_;
  const UniqueFd fd_;
  struct sigaction old_int_ = {};
  struct sigaction old_term_ = {};
  std::atomic<bool> stopping_ = false;
  std::thread abort_;
  std::thread thread_;
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
    if (run.state() == v1::RUN_STATE_WAITING) {
      return absl::StrCat(run.id(), ": ", run.summary().empty() ? "waiting for its turn" : run.summary());
    }
    if (run.state() == v1::RUN_STATE_ENDING) return absl::StrCat(run.id(), ": its nodes are letting go");
    if (!update.has_elapsed()) return absl::StrCat(run.id(), ": arming on ", run.nodes_size(), " nodes");
    const Duration elapsed = Decoded(update.elapsed());
    if (elapsed < Duration(0)) return absl::StrCat(run.id(), " armed: starts in ", Rough(-elapsed));
    int number = 0;
    for (const v1::StageSchedule& stage : run.schedule()) {
      ++number;
      if (elapsed >= Decoded(stage.end())) continue;
      const std::string place =
          absl::StrCat(run.id(), " stage ", number, " of ", run.schedule_size(), ", ", stage.name());
      if (stage.has_held()) {
        return absl::StrCat(place, ", held: until it is observed as planned, ", Rough(Decoded(stage.held())),
                            " longer so far");
      }
      return absl::StrCat(place, ": ", Rough(Decoded(stage.end()) - elapsed), " left, the run ends in ",
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
  grpc::ClientContext context;
  const InterruptScope scope(client, run_id, context);
  v1::WatchRunRequest request;
  request.set_run_id(run_id);
  const auto stream = client.stub().WatchRun(&context, request);
  Follower follower(options);
  v1::WatchRunResponse update;
  while (stream->Read(&update)) follower.Show(update);
  const absl::Status status = FromGrpc(stream->Finish());
  if (absl::IsCancelled(status)) return absl::AbortedError(absl::StrCat("left before ", run_id, " was over"));
  if (!status.ok()) return status;
  return update.run();
}

}  // namespace faultline
