#include "tests/fidelity/bed.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"
#include "tests/measure/process.h"

namespace faultline::fidelity {
namespace {

using measure::RunProcess;

// Longer than any measure.
constexpr Duration kOpen = std::chrono::minutes(10);

}  // namespace

absl::StatusOr<std::unique_ptr<Bed>> Bed::Make() {
  std::unique_ptr<Bed> bed(new Bed);
  testing::Wire(bed->node_, bed->peer_);
  FAULTLINE_RETURN_IF_ERROR(Run(bed->peer_, absl::StrCat("ip route change 172.32.0.0/11 dev eth0 proto kernel scope "
                                                         "link src ",
                                                         kPeer, " rto_min 5ms"))
                                .status());
  const testing::InNetns inside(bed->node_);
  FAULTLINE_ASSIGN_OR_RETURN(bed->kernel_, LinuxKernel::Open());
  FAULTLINE_ASSIGN_OR_RETURN(bed->capabilities_, bed->kernel_->Probe());
  return bed;
}

absl::StatusOr<std::unique_ptr<Fault>> Fault::Start(LinuxKernel& kernel, Program program) {
  program.run = RunId("fidelity");
  FAULTLINE_RETURN_IF_ERROR(kernel.Install(program));
  std::unique_ptr<Fault> fault(new Fault(kernel, program.run));
  const GateOpening open[] = {{program.steps[0].index, kOpen}};
  FAULTLINE_RETURN_IF_ERROR(kernel.Switch(program.run, {}, open));
  return fault;
}

absl::StatusOr<std::unique_ptr<Fault>> Fault::Start(Bed& bed, const Impairment& impairment, LaneKind lane) {
  FAULTLINE_ASSIGN_OR_RETURN(const Prefix network, Prefix::Parse(Bed::kPeerNetwork));
  Program program{.devices = {"eth0"}, .prefix_sets = {PrefixSet({network})}};
  program.steps = {{.effect = impairment, .incoming = {{.sources = 0}}, .lane = lane}};
  return Start(bed.kernel(), std::move(program));
}

Fault::~Fault() {
  if (const absl::Status status = kernel_.Remove(run_); !status.ok()) ADD_FAILURE() << status;
}

absl::StatusOr<RuleCounters> Fault::Counters() const {
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<RuleCounters> counters, kernel_.ReadCounters(run_));
  if (counters.size() != 1) return absl::InternalError("the run has not one step");
  return counters[0];
}

absl::Status Fault::Shape(const Impairment& impairment) const {
  const LaneChange change[] = {{.impairment = impairment}};
  return kernel_.Shape(run_, change);
}

absl::StatusOr<std::unique_ptr<Tool>> Tool::Start(const testing::Netns& netns, const std::string& command,
                                                  const std::string& undo) {
  FAULTLINE_RETURN_IF_ERROR(Run(netns, command).status());
  return std::unique_ptr<Tool>(new Tool(netns, undo));
}

absl::StatusOr<std::unique_ptr<Tool>> Tool::StartQdisc(const testing::Netns& netns, const std::string& qdisc) {
  return Start(netns, absl::StrCat("tc qdisc add dev eth0 root handle 1: ", qdisc), "tc qdisc delete dev eth0 root");
}

Tool::~Tool() {
  if (const auto undone = Run(netns_, undo_); !undone.ok()) ADD_FAILURE() << undone.status();
}

absl::StatusOr<std::string> Run(const testing::Netns& netns, const std::string& command) {
  const std::vector<std::string> words = absl::StrSplit(command, ' ', absl::SkipEmpty());
  const testing::InNetns inside(netns);
  measure::ProcessResult result = RunProcess(words);
  FAULTLINE_RETURN_IF_ERROR(measure::ToStatus(result, words));
  return std::move(result.output);
}

OnOneCpu::OnOneCpu() {
  sched_getaffinity(0, sizeof(before_), &before_);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &before_)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof(one), &one);
    return;
  }
}

OnOneCpu::~OnOneCpu() { sched_setaffinity(0, sizeof(before_), &before_); }

}  // namespace faultline::fidelity
