#include "agent/observe/burst_book.h"

#include <algorithm>
#include <set>

namespace faultline {
namespace {

std::string NoMarks(const ProbeBurst& burst) {
  const auto marks = static_cast<std::size_t>(burst.length / kBurstMark);
  return std::string((marks + 7) / 8, '\0');
}

bool IsBlank(const std::string& marks) { return marks.find_first_not_of('\0') == std::string::npos; }

double RateOf(const ProbeBurst& burst) {
  return static_cast<double>(burst.to.size()) / std::chrono::duration<double>(burst.interval).count();
}

// Of several marks; whether there was an end to mark.
bool Set(const NodeName& peer, Family family, ControllerTime sent_at, const ProbeBurst& burst,
         const std::vector<BurstEnd>& ends, std::vector<std::string>& marks) {
  if (sent_at < burst.start || sent_at >= burst.end()) return false;
  const auto mark = static_cast<std::size_t>((sent_at - burst.start) / kBurstMark);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (ends[i].family != family || ends[i].peer != peer) continue;
    marks[i][mark / 8] = static_cast<char>(static_cast<unsigned char>(marks[i][mark / 8]) | (1U << (mark % 8)));
    return true;
  }
  return false;
}

}  // namespace

void BurstBook::Put(const RunId& run, const std::vector<ProbeBurst>& bursts, double part) {
  std::erase_if(entries_, [&run](const Entry& entry) { return entry.run == run; });
  std::set<RunId> runs;
  for (const Entry& entry : entries_) runs.insert(entry.run);
  if (runs.size() >= kMostRuns) {
    const RunId oldest = entries_.front().run;
    std::erase_if(entries_, [&oldest](const Entry& entry) { return entry.run == oldest; });
  }
  for (const ProbeBurst& burst : bursts) {
    if (!Fits(burst)) continue;
    entries_.push_back(
        {.run = run,
         .burst = burst,
         .phase = Duration(static_cast<Duration::rep>(part * static_cast<double>(burst.interval.count()))),
         .sent = std::vector<std::string>(burst.to.size(), NoMarks(burst)),
         .received = std::vector<std::string>(burst.from.size(), NoMarks(burst))});
  }
}

bool BurstBook::Fits(const ProbeBurst& burst) const {
  double rate = RateOf(burst);
  for (const Entry& entry : entries_) {
    if (entry.burst.start < burst.end() && burst.start < entry.burst.end()) rate += RateOf(entry.burst);
  }
  return rate <= kMostBurstProbesPerSecond;
}

std::int64_t BurstBook::IntervalAt(const Entry& entry, ControllerTime now) {
  const Duration since = now - entry.burst.start - entry.phase;
  return since < Duration(0) ? -1 : since / entry.burst.interval;
}

const std::vector<BurstEnd>& BurstBook::TakeDue(ControllerTime now) {
  static const std::vector<BurstEnd> nobody;
  for (Entry& entry : entries_) {
    if (entry.burst.to.empty() || now < entry.burst.start || now >= entry.burst.end()) continue;
    const std::int64_t interval = IntervalAt(entry, now);
    if (interval == entry.last_taken) continue;
    entry.last_taken = interval;
    return entry.burst.to;
  }
  return nobody;
}

Duration BurstBook::UntilNext(ControllerTime now, Duration idle) const {
  for (const Entry& entry : entries_) {
    if (entry.burst.to.empty() || now >= entry.burst.end()) continue;
    const std::int64_t interval = now < entry.burst.start ? -1 : IntervalAt(entry, now);
    // Two runs' bursts may be due at one moment, and are then taken one after the other.
    const bool untaken = interval >= 0 && interval != entry.last_taken;
    const ControllerTime next = entry.burst.start + entry.phase + (interval + 1) * entry.burst.interval;
    idle = std::min(idle, untaken ? Duration(1) : next - now);
  }
  return idle;
}

void BurstBook::NoteSent(const NodeName& peer, Family family, ControllerTime sent_at) {
  for (Entry& entry : entries_) {
    if (Set(peer, family, sent_at, entry.burst, entry.burst.to, entry.sent)) entry.noted = true;
  }
}

void BurstBook::NoteReceived(const NodeName& peer, Family family, ControllerTime sent_at) {
  for (Entry& entry : entries_) {
    if (Set(peer, family, sent_at, entry.burst, entry.burst.from, entry.received)) entry.noted = true;
  }
}

std::vector<BurstMarks> BurstBook::Drain(ControllerTime now) {
  std::vector<BurstMarks> drained;
  for (Entry& entry : entries_) {
    if (!entry.noted) continue;
    entry.noted = false;
    const auto take = [&](const BurstEnd& end, std::string& marks, std::string BurstMarks::*which) {
      if (IsBlank(marks)) return;
      BurstMarks& out = drained.emplace_back();
      out.run = entry.run;
      out.burst = entry.burst.number;
      out.end = end;
      out.*which = marks;
      std::ranges::fill(marks, '\0');
    };
    for (std::size_t i = 0; i < entry.sent.size(); ++i) take(entry.burst.to[i], entry.sent[i], &BurstMarks::sent);
    for (std::size_t i = 0; i < entry.received.size(); ++i) {
      take(entry.burst.from[i], entry.received[i], &BurstMarks::received);
    }
  }
  std::erase_if(entries_, [now](const Entry& entry) { return now > entry.burst.end() + kKeep; });
  return drained;
}

}  // namespace faultline
