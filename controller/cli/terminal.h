#pragma once

#include <termios.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace faultline {

// Of a window, in characters.
struct TerminalSize {
  std::size_t width = 80;
  std::size_t height = 24;
};

// The terminal of standard output, drawn on: its alternate screen without a cursor, and keys of standard input, if that
// is a terminal too, at once and without echo; Ctrl-C and the like stay signals. What was there before is there again
// when this is gone. One at a time, of one thread. Output that fails is dropped: who draws learns of a terminal that is
// gone by poll().
class Terminal {
 public:
  // Whether standard output is a terminal on which anything can be drawn: TERM neither empty nor "dumb".
  static bool CanDraw();

  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Gives the terminal back, and takes it anew: around being stopped, for one.
  void Leave();
  void Enter();

  // Now.
  TerminalSize Size() const;

  // Shows the lines from the top, none wider than the window and no more than it has; writes only what has changed.
  void Draw(const std::vector<std::string>& lines);

 private:
  // Of standard input as it was; absent when that is no terminal.
  std::optional<termios> before_;
  // What the screen shows, and its size then; empty when that is not known.
  std::vector<std::string> drawn_;
  TerminalSize drawn_size_{0, 0};
};

}  // namespace faultline
