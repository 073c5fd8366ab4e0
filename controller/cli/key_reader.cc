#include "controller/cli/key_reader.h"

#include <optional>

namespace faultline {
namespace {

constexpr char kEscape = '\x1b';

std::optional<Key> KeyOf(char letter) {
  switch (letter) {
    case 'q':
      return Key::kQuit;
    case 'k':
      return Key::kUp;
    case 'j':
      return Key::kDown;
    case 'r':
      return Key::kNext;
    case '?':
      return Key::kHelp;
    default:
      return std::nullopt;
  }
}

// Of a whole sequence: ESC [ or ESC O, parameters, a final letter.
std::optional<Key> ArrowOf(absl::string_view sequence) {
  if (sequence.size() != 3) return std::nullopt;
  if (sequence.back() == 'A') return Key::kUp;
  if (sequence.back() == 'B') return Key::kDown;
  return std::nullopt;
}

bool EndsSequence(absl::string_view sequence) {
  if (sequence.size() == 2) return sequence[1] != '[' && sequence[1] != 'O';
  return sequence.size() > 2 && sequence.back() >= '@' && sequence.back() <= '~';
}

}  // namespace

std::vector<Key> KeyReader::Read(absl::string_view bytes) {
  std::vector<Key> keys;
  for (const char byte : bytes) {
    std::optional<Key> key;
    if (byte == kEscape) {
      escape_ = kEscape;
    } else if (escape_.empty()) {
      key = KeyOf(byte);
    } else {
      escape_.push_back(byte);
      if (!EndsSequence(escape_)) continue;
      // After a lone escape a letter is a letter.
      key = escape_.size() == 2 ? KeyOf(byte) : ArrowOf(escape_);
      escape_.clear();
    }
    if (key) keys.push_back(*key);
  }
  return keys;
}

}  // namespace faultline
