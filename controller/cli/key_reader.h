#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace faultline {

// What a key means to who looks at something live.
enum class Key { kQuit, kUp, kDown, kNext, kHelp };

// Turns what a terminal sends into keys: q; k and arrow up; j and arrow down; r; ?. All else means nothing.
class KeyReader {
 public:
  // The next bytes, which may begin or end within an arrow's.
  std::vector<Key> Read(absl::string_view bytes);

 private:
  // Of an escape sequence, so far.
  std::string escape_;
};

}  // namespace faultline
