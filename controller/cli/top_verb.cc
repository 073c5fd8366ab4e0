#include <algorithm>
#include <memory>
#include <optional>

#include "common/timeline_codec.h"
#include "controller/cli/call.h"
#include "controller/cli/live_view.h"
#include "controller/cli/verbs.h"
#include "controller/report/top_frame.h"

namespace faultline {
namespace {

constexpr Duration kEvery = std::chrono::seconds(1);
constexpr Duration kTopPatience = std::chrono::seconds(30);

TopNode NodeOf(const v1::Node& node) {
  TopNode shown = {.name = node.info().name(), .connected = node.connected()};
  const absl::StatusOr<Duration> trip = DecodeDuration(node.round_trip());
  if (node.has_round_trip() && trip.ok()) shown.clock_error = *trip / 2;
  return shown;
}

TopRun RunOf(v1::GetRunResponse response) {
  TopRun shown;
  const absl::StatusOr<Duration> elapsed = DecodeDuration(response.elapsed());
  if (response.has_elapsed() && elapsed.ok()) shown.elapsed = *elapsed;
  shown.run = std::move(*response.mutable_run());
  return shown;
}

class TopView : public LiveView {
 public:
  explicit TopView(std::string controller) { state_.controller = std::move(controller); }

  bool Take(FleetSnapshot snapshot) override {
    state_.now = clock_.WallNow();
    state_.nodes.clear();
    std::ranges::transform(snapshot.nodes.nodes(), std::back_inserter(state_.nodes), NodeOf);
    state_.runs.clear();
    for (v1::GetRunResponse& run : snapshot.runs) state_.runs.push_back(RunOf(std::move(run)));
    state_.matrix = std::move(*snapshot.matrix.mutable_now());
    state_.history.Add(state_.matrix, clock_.Now());
    const std::optional<std::string> before = std::exchange(gist_, TopGist(state_));
    return gist_ != before;
  }

  std::vector<std::string> Frame(const LiveWindow& window) override {
    state_.keys = window.size.height != LiveWindow::kEndless;
    // On paper too long a line does no harm.
    const std::size_t width = state_.keys ? window.size.width : std::max(window.size.width, kLeastTopWidth);
    return TopFrame(state_, window.style, width, window.size.height);
  }

  void OnKey(Key key, const LiveWindow& window) override {
    const std::size_t most = MostScrolled(state_, window.style, window.size.width, window.size.height);
    state_.scrolled = std::min(state_.scrolled, most);
    switch (key) {
      case Key::kUp:
        state_.scrolled -= std::min<std::size_t>(state_.scrolled, 1);
        break;
      case Key::kDown:
        state_.scrolled = std::min(state_.scrolled + 1, most);
        break;
      case Key::kNext:
        ChooseNext();
        break;
      case Key::kHelp:
        state_.help = !state_.help;
        break;
      case Key::kQuit:
        break;
    }
  }

 private:
  void ChooseNext() {
    if (state_.runs.empty()) return;
    const auto chosen =
        std::ranges::find(state_.runs, state_.chosen_run, [](const TopRun& run) { return run.run.id(); });
    const auto place = chosen == state_.runs.end() ? 0 : chosen - state_.runs.begin();
    const auto next = static_cast<std::size_t>(place + 1) % state_.runs.size();
    state_.chosen_run = state_.runs[next].run.id();
  }

  const SystemClock clock_;
  TopState state_;
  // Absent before the first answer.
  std::optional<std::string> gist_;
};

ExitCode PrintOnce(const CommonArguments& common, TopView& view) {
  const auto client = Connect(common);
  if (!client.ok()) return Fail(client.status());
  Caller caller(**client, kTopPatience);
  absl::StatusOr<FleetSnapshot> snapshot = AskFleet(caller, /*runs=*/true);
  if (!snapshot.ok()) return Fail(snapshot.status());
  view.Take(*std::move(snapshot));
  const TerminalStyle style = StyleOfStdout();
  const TerminalSize size = {.width = style.width, .height = LiveWindow::kEndless};
  for (const std::string& line : view.Frame({.style = style, .size = size})) std::cout << line << "\n";
  return ExitCode::kOk;
}

ExitCode Top(const CommonArguments& common, bool once) {
  if (common.json) {
    return Fail(absl::InvalidArgumentError("top is for people: nodes, runs and matrix have --json"));
  }
  TopView view(common.controller);
  if (once) return PrintOnce(common, view);
  return ShowLive(
      view, {.poll = {.every = kEvery, .runs = true}, .controller = common.controller, .security = common.security});
}

}  // namespace

void AddTopVerb(CommandLine& line) {
  const auto once = std::make_shared<bool>(false);
  line.AddVerb("top", "Runs in progress, their steps, and the edges that suffer, live", "faultline top",
               [&line, once] { return Top(line.common(), *once); })
      .add_flag("--once", *once, "Print it once, all of it");
}

}  // namespace faultline
