#include <map>
#include <memory>
#include <span>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/kernel/linux_kernel.h"
#include "agent/kernel/nl_reply.h"
#include "agent/kernel/nl_socket.h"
#include "common/status.h"
#include "tests/bench/contender.h"
#include "tests/bench/measures.h"
#include "tests/measure/runs.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Goal;
using measure::Growth;
using measure::Runs;
using measure::Table;

constexpr std::size_t kMost = 100'000;

class Ours : public Contender {
 public:
  Ours() : Contender("Faultline (resident)", kMost) {}

 private:
  absl::StatusOr<Duration> DoLoad(std::size_t cidrs) override {
    if (kernel_ == nullptr) {
      FAULTLINE_ASSIGN_OR_RETURN(kernel_, LinuxKernel::Open());
    }
    const Program program = OneStep(cidrs).program;
    const SystemClock clock;
    const MonotonicTime start = clock.Now();
    FAULTLINE_RETURN_IF_ERROR(kernel_->Install(program));
    const Duration took = clock.Now() - start;
    FAULTLINE_RETURN_IF_ERROR(kernel_->Remove(program.run));
    return took;
  }

  std::unique_ptr<LinuxKernel> kernel_;
};

using Bytes = std::vector<std::uint8_t>;

// Keeps what is sent through it.
class Recorder : public NlTransport {
 public:
  Recorder(std::unique_ptr<NlTransport> transport, std::vector<Bytes>& sent)
      : transport_(std::move(transport)), sent_(sent) {}

  int Send(std::span<const std::uint8_t> datagram) override {
    sent_.emplace_back(datagram.begin(), datagram.end());
    return transport_->Send(datagram);
  }
  Received Receive(std::span<std::uint8_t> buffer, Duration timeout) override {
    return transport_->Receive(buffer, timeout);
  }
  std::uint32_t port_id() const override { return transport_->port_id(); }

 private:
  const std::unique_ptr<NlTransport> transport_;
  std::vector<Bytes>& sent_;
};

// Sends what Install sends, made before, and waits for the answer: the kernel's own work and nothing else.
class BareSend : public Contender {
 public:
  BareSend() : Contender("the same bytes, sent bare", kMost) {}

 private:
  struct Batches {
    Bytes install;
    Bytes remove;
  };

  static absl::StatusOr<Batches> Record(std::size_t cidrs) {
    std::vector<Bytes> sent;
    FAULTLINE_ASSIGN_OR_RETURN(auto netfilter, NlSocket::Open());
    FAULTLINE_ASSIGN_OR_RETURN(auto route, RtSocket::Open());
    FAULTLINE_ASSIGN_OR_RETURN(
        const auto kernel,
        LinuxKernel::Open({}, std::make_unique<Recorder>(std::move(netfilter), sent), std::move(route)));
    const Program program = OneStep(cidrs).program;
    FAULTLINE_RETURN_IF_ERROR(kernel->Install(program));
    Bytes install = sent.back();
    FAULTLINE_RETURN_IF_ERROR(kernel->Remove(program.run));
    return Batches{.install = std::move(install), .remove = sent.back()};
  }

  // Until the kernel has said that all is done.
  absl::Status Carry(const Bytes& batch) {
    if (const int error = transport_->Send(batch); error != 0) return ErrnoError(error, "the bare send");
    std::uint8_t buffer[65536];
    const auto received = transport_->Receive(buffer, std::chrono::seconds(60));
    if (received.error != 0) return ErrnoError(received.error, "the answer to the bare send");
    FAULTLINE_ASSIGN_OR_RETURN(const auto replies, ReadReplies(std::span(buffer).first(received.size)));
    for (const NlReply& reply : replies) {
      if (reply.error != 0) return ErrnoError(reply.error, "the bare send was refused");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Duration> DoLoad(std::size_t cidrs) override {
    if (cidrs != cidrs_) {
      FAULTLINE_ASSIGN_OR_RETURN(batches_, Record(cidrs));
      cidrs_ = cidrs;
    }
    if (transport_ == nullptr) {
      FAULTLINE_ASSIGN_OR_RETURN(transport_, NlSocket::Open());
    }
    const SystemClock clock;
    const MonotonicTime start = clock.Now();
    FAULTLINE_RETURN_IF_ERROR(Carry(batches_.install));
    const Duration took = clock.Now() - start;
    FAULTLINE_RETURN_IF_ERROR(Carry(batches_.remove));
    return took;
  }

  std::size_t cidrs_ = 0;
  Batches batches_;
  std::unique_ptr<NlTransport> transport_;
};

std::vector<Repetition> Repetitions(bool quick) {
  if (quick) return {{1, 5}, {100, 5}, {10'000, 3}, {100'000, 1}};
  return {{1, 31}, {100, 15}, {1'000, 15}, {10'000, 7}, {100'000, 5}};
}

// The median time of each, by its name.
using Medians = std::map<std::string, double>;

// In turn, so that what else the machine does meets all of them alike.
absl::StatusOr<Medians> MeasureSize(const Repetition& repetition,
                                    std::span<const std::unique_ptr<Contender>> contenders, Table& table) {
  std::vector<Runs> runs(contenders.size());
  for (int run = 0; run < repetition.runs; ++run) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      if (repetition.cidrs > contenders[i]->most()) continue;
      FAULTLINE_ASSIGN_OR_RETURN(const Duration took, contenders[i]->Load(repetition.cidrs));
      runs[i].Begin();
      runs[i].Add(took);
    }
  }
  Medians medians;
  const double ours = runs[0].Percentile(50);
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    if (runs[i].empty()) continue;
    medians[contenders[i]->name()] = runs[i].Percentile(50);
    std::vector<Cell> row{static_cast<std::int64_t>(repetition.cidrs), contenders[i]->name()};
    for (Cell& cell : runs[i].Cells()) row.push_back(std::move(cell));
    row.emplace_back(runs[i].Percentile(50) / ours);
    table.rows.push_back(std::move(row));
  }
  return medians;
}

void AddGoals(std::size_t cidrs, const std::string& ours, const std::string& bare, const Medians& medians,
              Table& table) {
  const double time = medians.at(ours);
  const std::string figure = absl::StrCat("arm ", cidrs, " CIDRs");
  table.goals.push_back(
      {absl::StrCat(figure, ", beside the bare send"), Goal::Sense::kAtMost, 1.3, time / medians.at(bare), "times"});
  for (const auto& [tool, bound] :
       {std::pair("nft -f", 3.5), std::pair("iptables-nft-restore", 5.0), std::pair("iptables-legacy-restore", 1.0)}) {
    const auto found = medians.find(tool);
    if (found == medians.end()) continue;
    table.goals.push_back(
        {absl::StrCat(figure, ", faster than ", tool), Goal::Sense::kAtLeast, bound, found->second / time, "times"});
  }
}

}  // namespace

absl::StatusOr<Table> MeasureArm(bool quick) {
  Table table{.name = "arm",
              .compares = "bringing rules for 1 to 100 000 CIDRs into the kernel, in turn",
              .columns = {"CIDRs", "who"},
              .rows = {},
              .notes = {"Faultline is resident: one call of Install, from a program in memory, as in the agent",
                        "the same bytes, sent bare: what Install sends, from one buffer made before: the kernel's work",
                        "the tools: the whole process, from its start to its end, reading text from a file; 'true' "
                        "shows how much of that is the process",
                        "nft -f loads the equal rule set: ours as nft lists it, without the owner flag",
                        "iptables has one rule a CIDR, so it is not tried beyond 10 000, and one process a rule not "
                        "beyond 100"}};
  table.bounded_by =
      "Of many, the kernel: it looks each element's place up in a red-black tree and allocates it, all under one lock, "
      "and makes a notice of each while anybody on the host listens to changes of nftables. Of few, what Install asks "
      "about interfaces first.";
  const auto& columns = Runs::Columns();
  table.columns.insert(table.columns.end(), columns.begin(), columns.end());
  table.columns.push_back("p50 / ours");
  std::vector<std::unique_ptr<Contender>> contenders;
  contenders.push_back(std::make_unique<Ours>());
  contenders.push_back(std::make_unique<BareSend>());
  for (auto& tool : Tools(table)) contenders.push_back(std::move(tool));
  for (int i = 0; i < 2; ++i) FAULTLINE_RETURN_IF_ERROR(contenders[i]->Load(1).status());
  Growth growth{.figure = "arm, Faultline, p50 by CIDRs", .points = {}};
  for (const Repetition& repetition : Repetitions(quick)) {
    FAULTLINE_ASSIGN_OR_RETURN(const Medians medians, MeasureSize(repetition, contenders, table));
    AddGoals(repetition.cidrs, contenders[0]->name(), contenders[1]->name(), medians, table);
    growth.points.push_back({static_cast<double>(repetition.cidrs), medians.at(contenders[0]->name())});
  }
  table.growth.push_back(std::move(growth));
  return table;
}

}  // namespace faultline::bench
