#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/clock.h"

namespace faultline {

// The keys that nodes sign probes with (v1::ProbeConfig), and how a new one takes the place of another without a probe
// being lost, though nodes learn of it one after another and in any order:
//
//   1. old, new   everybody still signs with the old one, and learns to take the new one too
//   2. new, old   everybody signs with the new one, and takes what others still sign with the old one
//   3. new
//
// From one to the next only when every node has been told for Patience(): it has the keys by then, and, after the
// second, what was signed with the old one is too old to count. Not thread-safe.
class ProbeKeys {
 public:
  // A node that has kept the session over which it was sent something so long ago has read it: it gives up one that is
  // silent for 8 s. One that is dead, and not known to be, learns of them when it lives again; until then its probes
  // may count for nothing.
  static constexpr Duration kTold = std::chrono::seconds(15);
  // Agents count no probe that is older.
  static constexpr Duration kOldest = std::chrono::minutes(1);

  // With one key, random as all are. When the system gives no random numbers there is none, and no node probes.
  ProbeKeys();

  // There is to be a new key: the one that is being taken up, if nobody signs with it yet, or one after that. When the
  // system gives no random numbers, the one there is stays.
  void Renew();
  // The same, but one that nobody has been told so far.
  void Replace();

  // What nodes are to be told; the first signs.
  const std::vector<std::string>& keys() const { return keys_; }
  // Grows whenever keys() becomes another.
  std::uint64_t step() const { return step_; }

  // Whether it is to be gone on from here.
  bool Changing() const { return keys_.size() > 1; }
  // For how long every node must have been told keys() before Advance.
  Duration Patience() const { return signs_new_ ? kTold + kOldest : kTold; }
  // REQUIRES: Changing().
  void Advance();

 private:
  std::vector<std::string> keys_;
  std::uint64_t step_ = 1;
  // Of two keys: whether the first is the new one.
  bool signs_new_ = false;
  bool again_ = false;
};

}  // namespace faultline
