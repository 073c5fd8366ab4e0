#include "controller/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

// As xterm and its many likes understand them (XTerm Control Sequences; ECMA-48): the alternate screen, no wrapping at
// the right edge, no cursor.
constexpr absl::string_view kEnter = "\x1b[?1049h\x1b[?7l\x1b[?25l\x1b[2J";
constexpr absl::string_view kLeave = "\x1b[0m\x1b[?25h\x1b[?7h\x1b[?1049l";
constexpr absl::string_view kPlain = "\x1b[0m";
constexpr absl::string_view kClearToEnd = "\x1b[K";

void Write(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
}

}  // namespace

bool Terminal::CanDraw() {
  const char* const kind = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && kind != nullptr && *kind != '\0' && absl::string_view(kind) != "dumb";
}

Terminal::Terminal() {
  termios before{};
  if (isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &before) == 0) before_ = before;
  Enter();
}

Terminal::~Terminal() { Leave(); }

void Terminal::Enter() {
  if (before_) {
    termios keys = *before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
  }
  Write(kEnter);
  drawn_size_ = {0, 0};
}

void Terminal::Leave() {
  Write(kLeave);
  if (before_) tcsetattr(STDIN_FILENO, TCSADRAIN, &*before_);
}

TerminalSize Terminal::Size() const {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {.width = size.ws_col, .height = size.ws_row};
}

void Terminal::Draw(const std::vector<std::string>& lines) {
  const TerminalSize size = Size();
  std::string text;
  if (size.width != drawn_size_.width || size.height != drawn_size_.height) {
    drawn_.assign(size.height, "");
    drawn_size_ = size;
    absl::StrAppend(&text, "\x1b[2J");
  }
  for (std::size_t row = 0; row < size.height; ++row) {
    const std::string line = row < lines.size() ? lines[row] : "";
    if (line == drawn_[row]) continue;
    absl::StrAppend(&text, "\x1b[", row + 1, ";1H", line, kPlain);
    // In a full line the cursor stands on the last character.
    if (WidthOf(line) < size.width) absl::StrAppend(&text, kClearToEnd);
    drawn_[row] = line;
  }
  Write(text);
}

}  // namespace faultline
