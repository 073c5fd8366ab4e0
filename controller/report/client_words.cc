#include "controller/report/client_words.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/report/client_doubts.h"
#include "controller/report/figure_text.h"
#include "controller/report/run_words.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

constexpr Duration kExactEnough = std::chrono::milliseconds(100);

std::string TextIf(bool there, const google::protobuf::Duration& duration) {
  return there ? RoundedText(Decoded(duration)) : "-";
}

std::string MillisecondsIf(bool there, const google::protobuf::Duration& duration) {
  return there ? MillisecondsText(Decoded(duration)) : "-";
}

std::string AfterHeal(const v1::Clients& clients, const v1::ClientSide& side) {
  if (!clients.has_healed()) return "-";
  return side.has_first_after_heal() ? RoundedText(Decoded(side.first_after_heal())) : "none came";
}

std::string LostText(std::uint64_t lost, bool all_told) {
  if (lost > 0) return absl::StrCat(GroupedCount(lost), " LOST");
  return all_told ? "none lost" : "none lost as far as told";
}

// Of all sides: what was told of them together, if it was, lest they count twice.
v1::Accounting SumOf(const v1::Clients& clients) {
  const bool whole = std::ranges::any_of(clients.accountings(), [](const auto& one) { return one.side().empty(); });
  v1::Accounting sum;
  for (const v1::Accounting& accounting : clients.accountings()) {
    if (whole && !accounting.side().empty()) continue;
    sum.set_acknowledged(sum.acknowledged() + accounting.acknowledged());
    sum.set_lost(sum.lost() + accounting.lost());
    sum.set_extra(sum.extra() + accounting.extra());
  }
  return sum;
}

}  // namespace

WordTable ClientStagesOf(const v1::Clients& clients) {
  WordTable table = {.headings = {"stage", "side", "acknowledged", "failed", "longest without", "first after",
                                  "mean time", "longest time"},
                     .rows = {}};
  for (const v1::ClientStage& stage : clients.stages()) {
    table.rows.push_back(
        {stage.stage(), stage.side(), GroupedCount(stage.acknowledged()), GroupedCount(stage.failed()),
         TextIf(stage.has_longest_silence(), stage.longest_silence()),
         stage.has_first_acknowledged() ? RoundedText(Decoded(stage.first_acknowledged())) : "none came",
         MillisecondsIf(stage.has_mean_time(), stage.mean_time()),
         MillisecondsIf(stage.has_most_time(), stage.most_time())});
  }
  return table;
}

WordTable ClientSidesOf(const v1::Clients& clients) {
  WordTable table = {.headings = {"side", "acknowledged", "failed", "first success after heal"}, .rows = {}};
  for (const v1::ClientSide& side : clients.sides()) {
    table.rows.push_back(
        {side.side(), GroupedCount(side.acknowledged()), GroupedCount(side.failed()), AfterHeal(clients, side)});
  }
  return table;
}

WordTable AccountingsOf(const v1::Clients& clients, bool all_told) {
  WordTable table = {.headings = {"accounting of", "result", "acknowledged", "found", "lost", "extra"}, .rows = {}};
  for (const v1::Accounting& accounting : clients.accountings()) {
    table.rows.push_back({accounting.side().empty() ? "all" : accounting.side(), LostText(accounting.lost(), all_told),
                          GroupedCount(accounting.acknowledged()), GroupedCount(accounting.found()),
                          GroupedCount(accounting.lost()), GroupedCount(accounting.extra())});
  }
  return table;
}

WordTable HappeningsOf(const v1::Clients& clients) {
  WordTable table = {.headings = {"after T0", "side", "what happened"}, .rows = {}};
  for (const v1::Happening& happening : clients.happenings()) {
    table.rows.push_back({RoundedText(Decoded(happening.at())), happening.side(), happening.text()});
  }
  return table;
}

std::string WidthText(const v1::Clients& clients) {
  const std::optional<Duration> width = Decoded(clients.width());
  if (!width || *width <= kExactEnough) return "";
  return absl::StrCat("So many operations were told of that they are counted by ", LengthText(width),
                      ": figures and times are no more exact than that, and those of a row may differ by as much.");
}

std::string OperationLinesText(const v1::OperationLines& lines) {
  const auto count = [](std::uint64_t number, absl::string_view one) {
    return absl::StrCat(GroupedCount(number), " ", one, number == 1 ? "" : "s");
  };
  std::string text = absl::StrCat(count(lines.operations(), "operation"), ", ", count(lines.happenings(), "happening"),
                                  ", ", count(lines.accountings(), "accounting"));
  if (lines.cut()) absl::StrAppend(&text, "; what comes after 64 MiB was not read");
  if (lines.bad() > 0) absl::StrAppend(&text, "; ", count(lines.bad(), "line"), " not taken; ", lines.first_bad());
  return text;
}

std::string RenderClients(const v1::Run& run, const TerminalStyle& style) {
  const v1::Clients& clients = run.clients();
  constexpr int kMostSides = 4;
  std::vector<std::string> sides;
  for (int i = 0; i < std::min(kMostSides, clients.sides_size()); ++i) {
    const v1::ClientSide& side = clients.sides(i);
    std::string text = absl::StrCat(Tame(side.side()), " ", GroupedCount(side.acknowledged()), " acknowledged, ",
                                    GroupedCount(side.failed()), " failed");
    if (clients.has_healed()) absl::StrAppend(&text, ", first after heal: ", AfterHeal(clients, side));
    sides.push_back(std::move(text));
  }
  if (clients.sides_size() > kMostSides)
    sides.push_back(absl::StrCat(clients.sides_size() - kMostSides, " more sides"));
  std::string text = sides.empty() ? "" : absl::StrCat("clients: ", absl::StrJoin(sides, "; "), "\n");
  if (clients.accountings().empty()) return text;
  const v1::Accounting sum = SumOf(clients);
  const bool all_told = ClientDoubtsOf(run).empty();
  const Ink ink = sum.lost() > 0 || !all_told ? Ink::kBad : Ink::kPlain;
  return absl::StrCat(text, "of ", GroupedCount(sum.acknowledged()), " acknowledged writes ",
                      Paint(LostText(sum.lost(), all_told), ink, style), ", ", GroupedCount(sum.extra()), " extra\n");
}

}  // namespace faultline
