#include "controller/cli/live_view.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "controller/cli/call.h"
#include "controller/cli/signal_inbox.h"
#include "controller/report/columns.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

constexpr Duration kSilencePatience = std::chrono::seconds(10);

// The controller does not answer.
struct Silence {
  // When it was asked in vain for the first time.
  MonotonicTime since;
  absl::Status why;
};

// One showing of a view: waits for signals, keys and answers, and draws or prints.
class Showing {
 public:
  Showing(LiveView& view, const LiveOptions& options)
      : view_(view), options_(options), draw_(!options.paper && Terminal::CanDraw()), signals_(draw_) {}

  ExitCode Run() {
    const auto client = Client::Connect(options_.controller, options_.security);
    if (!client.ok()) return Fail(client.status());
    poller_.emplace(**client, options_.poll);
    if (draw_) terminal_.emplace();
    while (!Over()) {
      Show();
      Wait();
    }
    terminal_.reset();
    poller_.reset();
    if (!silence_ || left_) return ExitCode::kOk;
    std::cerr << options_.controller << " has not answered for " << kSilencePatience / std::chrono::seconds(1)
              << " s: " << silence_->why.message() << "\n";
    const bool hung = absl::IsDeadlineExceeded(silence_->why);
    return hung ? ExitCode::kUnreachable : ExitCodeOf(silence_->why);
  }

 private:
  bool Over() const { return left_ || (silence_ && clock_.Now() >= silence_->since + kSilencePatience); }

  LiveWindow Window() const {
    LiveWindow window = {.style = StyleOfStdout(), .size = {.height = LiveWindow::kEndless}};
    if (terminal_) window.size = terminal_->Size();
    if (terminal_) window.style.width = window.size.width;
    if (!terminal_) window.size.width = window.style.width;
    return window;
  }

  void Show() {
    if (terminal_) {
      terminal_->Draw(Screen());
    } else if (news_) {
      const std::vector<std::string> lines = view_.Frame(Window());
      if (printed_ && lines.size() > 1) std::cout << "\n";
      for (const std::string& line : lines) std::cout << line << "\n";
      std::cout << std::flush;
      printed_ = true;
    }
    news_ = false;
  }

  std::vector<std::string> Screen() const {
    const LiveWindow window = Window();
    std::vector<std::string> lines = answered_ ? view_.Frame(window) : std::vector<std::string>();
    if (silence_) {
      lines.resize(window.size.height - 1);
      lines.push_back(Paint(Clip(SilenceText(window.style), window.size.width, window.style), Ink::kBad, window.style));
    }
    return lines;
  }

  std::string SilenceText(const TerminalStyle& style) const {
    const auto left = std::chrono::ceil<std::chrono::seconds>(silence_->since + kSilencePatience - clock_.Now());
    return Spell(Tame(absl::StrCat("! the controller does not answer; trying for ", left.count(),
                                   " s more: ", silence_->why.message())),
                 style);
  }

  void Wait() {
    const int keys = terminal_ && isatty(STDIN_FILENO) == 1 ? STDIN_FILENO : -1;
    // Of standard output only whether anybody is there still.
    std::array<pollfd, 4> fds = {{{.fd = signals_.fd(), .events = POLLIN},
                                  {.fd = poller_->fd(), .events = POLLIN},
                                  {.fd = keys, .events = POLLIN},
                                  {.fd = STDOUT_FILENO, .events = 0}}};
    // While the controller is silent, every second less is shown.
    if (poll(fds.data(), fds.size(), silence_ ? 1000 : -1) < 0) return;
    if (fds[0].revents != 0) OnSignals();
    if (fds[1].revents != 0) OnAnswer();
    if (fds[2].revents != 0) OnKeys();
    if ((fds[3].revents & (POLLERR | POLLHUP)) != 0) left_ = true;
  }

  void OnSignals() {
    while (const std::optional<int> signal = signals_.Take()) {
      if (*signal == SIGTSTP) {
        terminal_->Leave();
        kill(getpid(), SIGSTOP);
      } else if (*signal == SIGCONT) {
        terminal_->Enter();
      } else if (*signal != SIGWINCH) {
        left_ = true;
      }
    }
  }

  void OnAnswer() {
    std::optional<FleetAnswer> answer = poller_->Take();
    if (!answer) return;
    if (answer->snapshot.ok()) {
      silence_.reset();
      answered_ = true;
      news_ = view_.Take(*std::move(answer->snapshot));
      return;
    }
    if (!silence_ && !terminal_) std::cerr << options_.controller << " does not answer; trying for 10 s\n";
    silence_ = {.since = silence_ ? silence_->since : answer->asked, .why = answer->snapshot.status()};
  }

  void OnKeys() {
    std::array<char, 64> bytes;
    const ssize_t count = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count <= 0) left_ = true;
    if (count <= 0) return;
    for (const Key key : key_reader_.Read({bytes.data(), static_cast<std::size_t>(count)})) {
      if (key == Key::kQuit) {
        left_ = true;
      } else if (answered_) {
        view_.OnKey(key, Window());
      }
    }
  }

  LiveView& view_;
  const LiveOptions& options_;
  const bool draw_;
  const SystemClock clock_;
  // Before the poller, whose threads are to leave the signals alone.
  SignalInbox signals_;
  std::optional<FleetPoller> poller_;
  std::optional<Terminal> terminal_;
  KeyReader key_reader_;
  std::optional<Silence> silence_;
  // Whether the person has seen enough; whether the controller has ever answered; whether what it said is to be
  // printed, and something has been.
  bool left_ = false;
  bool answered_ = false;
  bool news_ = false;
  bool printed_ = false;
};

}  // namespace

ExitCode ShowLive(LiveView& view, const LiveOptions& options) { return Showing(view, options).Run(); }

}  // namespace faultline
