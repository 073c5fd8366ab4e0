#include "controller/report/client_record.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/report/figure_text.h"
#include "controller/report/run_words.h"
#include "controller/report/step_windows.h"

namespace faultline {
namespace {

using std::chrono::seconds;
using Cells = OperationLog::Cells;

// A stretch of the run, after T0.
struct Span {
  std::string name;
  Duration start{0};
  Duration end{0};
};

Duration FloorTo(Duration time, Duration unit) { return (time / unit - (time % unit < Duration(0) ? 1 : 0)) * unit; }
Duration CeilingTo(Duration time, Duration unit) { return -FloorTo(-time, unit); }

std::optional<Duration> EarlyEndOf(const v1::Run& run) {
  return run.has_ended_early() ? Decoded(run.ended_early()) : std::nullopt;
}

// The run's stages. Nothing is known of what was before the first and after the last.
std::vector<Span> StagesOf(const v1::Run& run) {
  std::vector<Span> spans;
  for (const v1::StageSchedule& stage : run.schedule()) {
    const std::optional<Duration> start = Decoded(stage.start());
    const std::optional<Duration> end = Decoded(stage.end());
    if (start && end) spans.push_back({stage.name(), *start, *end});
  }
  const std::optional<Duration> early = EarlyEndOf(run);
  if (spans.empty() || !early || *early >= spans.back().end) return spans;
  std::erase_if(spans, [&](const Span& span) { return span.start >= *early; });
  if (!spans.empty()) spans.back().end = std::min(spans.back().end, *early);
  spans.push_back({"ended early", *early, *early});
  return spans;
}

// When the last fault that had begun was over: not before the plan or the early end has it, and on every node that
// told.
std::optional<Duration> HealedAt(const v1::Run& run) {
  const std::optional<Duration> early = EarlyEndOf(run);
  std::optional<Duration> healed;
  for (const StepWindow& window : StepWindowsOf(run)) {
    if (early && window.start >= *early) continue;
    const Duration planned = early ? std::min(window.end, *early) : window.end;
    const Duration end = std::max(planned, window.healed.value_or(planned));
    healed = std::max(healed.value_or(end), end);
  }
  return healed;
}

class ClientRecorder {
 public:
  ClientRecorder(const OperationLog& log, v1::Run& run) : log_(log), run_(run), spans_(StagesOf(run)) {}

  void Record() {
    v1::Clients& clients = *run_.mutable_clients();
    const std::optional<Duration> healed = HealedAt(run_);
    if (healed) *clients.mutable_healed() = EncodeDuration(*healed);
    for (const auto& [name, cells] : log_.sides()) {
      Include(cells);
      AddSide(name, cells, healed, *clients.add_sides());
    }
    *clients.mutable_width() = EncodeDuration(log_.width());
    if (known_) Bound(healed);
    if (known_) {
      *clients.mutable_from() = EncodeDuration(known_->start);
      *clients.mutable_until() = EncodeDuration(known_->end);
      AddPoints(clients);
      AddStages(clients);
    }
    AddHappenings(clients);
    for (const ClientAccounting& accounting : log_.accountings()) {
      v1::Accounting& added = *clients.add_accountings();
      added.set_side(accounting.side);
      added.set_acknowledged(accounting.acknowledged);
      added.set_found(accounting.found);
      added.set_lost(accounting.lost);
      added.set_extra(accounting.extra);
    }
  }

 private:
  Duration StartOf(std::int64_t number) const { return number * log_.width(); }
  Duration AfterT0(WallTime time) const { return time - log_.origin(); }

  void Include(const Cells& cells) {
    if (cells.empty()) return;
    const Span of_side = {"", StartOf(cells.begin()->first), StartOf(cells.rbegin()->first + 1)};
    if (!known_) known_ = of_side;
    known_->start = std::min(known_->start, of_side.start);
    known_->end = std::max(known_->end, of_side.end);
  }

  // What is far from the run is not to stretch its picture.
  void Bound(std::optional<Duration> healed) {
    Duration end = std::max(EarlyEndOf(run_).value_or(Duration(0)), healed.value_or(Duration(0)));
    if (!spans_.empty()) end = std::max(end, spans_.back().end);
    const Span near = {"", std::max(known_->start, -kClientsBefore), std::min(known_->end, end + kClientsAfter)};
    std::uint64_t far = 0;
    std::uint64_t all = 0;
    for (const auto& [name, cells] : log_.sides()) {
      for (const auto& [number, cell] : cells) {
        const std::uint64_t count = cell.acknowledged + cell.failed;
        all += count;
        if (StartOf(number) < near.start || StartOf(number) >= near.end) far += count;
      }
    }
    if (far > 0) {
      run_.add_warnings(absl::StrCat("of what clients saw, ", GroupedCount(far), " of ", GroupedCount(all),
                                     " operations are more than ", LengthText(kClientsBefore), " before T0 or ",
                                     LengthText(kClientsAfter), " after the run: curves and stages are without them"));
    }
    known_ = near.start < near.end ? std::optional(near) : std::nullopt;
  }

  void AddSide(const std::string& name, const Cells& cells, std::optional<Duration> healed,
               v1::ClientSide& side) const {
    side.set_side(name);
    std::optional<Duration> first;
    for (const auto& [number, cell] : cells) {
      side.set_acknowledged(side.acknowledged() + cell.acknowledged);
      side.set_failed(side.failed() + cell.failed);
      if (!first && healed) first = FirstFrom(*healed, cell);
    }
    if (first) *side.mutable_first_after_heal() = EncodeDuration(*first - *healed);
  }

  // The first acknowledgement of a cell that is not before this moment, as far as it is known.
  std::optional<Duration> FirstFrom(Duration moment, const OperationCell& cell) const {
    for (const std::optional<WallTime>& time : {cell.first, cell.last}) {
      if (time && AfterT0(*time) >= moment) return AfterT0(*time);
    }
    return std::nullopt;
  }

  void AddPoints(v1::Clients& clients) const {
    const Duration from = known_->start;
    const Duration until = known_->end;
    const Duration unit = std::max(kLeastClientPoint, log_.width());
    // One more may be begun at either side.
    const Duration step = CeilingTo((until - from) / (kMostClientPoints - 2) + Duration(1), unit);
    const Duration start = FloorTo(from, step);
    const auto count = CeilingTo(until - start, step) / step;
    *clients.mutable_start() = EncodeDuration(start);
    *clients.mutable_step() = EncodeDuration(step);
    auto side = clients.mutable_sides()->begin();
    for (const auto& [name, cells] : log_.sides()) {
      side->mutable_acknowledged_points()->Resize(static_cast<int>(count), 0);
      side->mutable_failed_points()->Resize(static_cast<int>(count), 0);
      for (const auto& [number, cell] : cells) {
        const auto point = FloorTo(StartOf(number) - start, step) / step;
        if (point < 0 || point >= count) continue;
        (*side->mutable_acknowledged_points())[static_cast<int>(point)] += cell.acknowledged;
        (*side->mutable_failed_points())[static_cast<int>(point)] += cell.failed;
      }
      ++side;
    }
  }

  void AddStages(v1::Clients& clients) {
    if (spans_.empty()) return;
    spans_.front().start = std::min(spans_.front().start, known_->start);
    spans_.back().end = std::max(spans_.back().end, known_->end);
    for (const Span& span : spans_) {
      const Span part = {span.name, std::max(span.start, known_->start), std::min(span.end, known_->end)};
      if (part.start >= part.end) continue;
      if (clients.stages_size() + clients.sides_size() > kMostClientStages) {
        run_.add_warnings(absl::StrCat("what clients saw is not told of the stages from ", LengthText(part.start),
                                       " on: there are too many"));
        return;
      }
      for (const auto& [name, cells] : log_.sides()) {
        v1::ClientStage& stage = *clients.add_stages();
        stage.set_side(name);
        Fill(part, cells, stage);
      }
    }
  }

  void Fill(const Span& span, const Cells& cells, v1::ClientStage& stage) const {
    OperationCell sum;
    std::optional<Duration> first;
    Duration last = span.start;
    Duration silence(0);
    const auto begin = cells.lower_bound(FloorTo(span.start, log_.width()) / log_.width());
    for (auto cell = begin; cell != cells.end() && StartOf(cell->first) < span.end; ++cell) {
      if (StartOf(cell->first) >= span.start) sum.Add(cell->second);
      const std::optional<Duration> next = FirstFrom(span.start, cell->second);
      if (!next || *next >= span.end) continue;
      if (!first) first = *next;
      silence = std::max(silence, *next - last);
      last = std::min(AfterT0(*cell->second.last), span.end);
    }
    stage.set_stage(span.name);
    *stage.mutable_start() = EncodeDuration(span.start);
    *stage.mutable_end() = EncodeDuration(span.end);
    stage.set_acknowledged(sum.acknowledged);
    stage.set_failed(sum.failed);
    *stage.mutable_longest_silence() = EncodeDuration(std::max(silence, span.end - last));
    if (first) *stage.mutable_first_acknowledged() = EncodeDuration(*first - span.start);
    if (sum.timed == 0) return;
    const std::chrono::duration<double> mean = sum.sum_time / static_cast<double>(sum.timed);
    *stage.mutable_mean_time() = EncodeDuration(std::chrono::round<Duration>(mean));
    *stage.mutable_most_time() = EncodeDuration(sum.most_time);
  }

  void AddHappenings(v1::Clients& clients) const {
    std::vector<const ClientHappening*> sorted;
    for (const ClientHappening& happening : log_.happenings()) sorted.push_back(&happening);
    std::ranges::stable_sort(sorted, {}, &ClientHappening::time);
    for (const ClientHappening* happening : sorted) {
      v1::Happening& added = *clients.add_happenings();
      *added.mutable_at() = EncodeDuration(AfterT0(happening->time));
      added.set_side(happening->side);
      added.set_text(happening->text);
    }
  }

  const OperationLog& log_;
  v1::Run& run_;
  std::vector<Span> spans_;
  // From the first operation to the last, then as far as these are near the run.
  std::optional<Span> known_;
};

}  // namespace

void AddClients(const OperationLog& log, v1::Run& run) { ClientRecorder(log, run).Record(); }

void WarnOfBadLines(v1::Run& run) {
  std::set<std::string> warned;
  for (const v1::Capture& capture : run.captures()) {
    const v1::OperationLines& lines = capture.operations();
    if (lines.bad() == 0 || !warned.insert(capture.name()).second) continue;
    const std::uint64_t all = lines.operations() + lines.happenings() + lines.accountings() + lines.bad();
    run.add_warnings(absl::StrCat("observation ", capture.name(), ", ", capture.moment(), ": ",
                                  GroupedCount(lines.bad()), " of ", GroupedCount(all),
                                  all == 1 ? " line was" : " lines were", " not taken; ", lines.first_bad()));
  }
}

}  // namespace faultline
