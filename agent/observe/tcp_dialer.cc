#include "agent/observe/tcp_dialer.h"

#include <algorithm>
#include <utility>

#include "agent/observe/clock_mapping.h"

namespace faultline {
namespace {

constexpr int kQuicker = 4;

}  // namespace

TcpDialer::TcpDialer(const TcpMesh& mesh, TcpSockets& sockets, MonotonicTime now) : mesh_(mesh), sockets_(sockets) {
  const auto count = static_cast<Duration::rep>(mesh.targets.size());
  for (const TcpTarget& target : mesh.targets) {
    const auto place = static_cast<Duration::rep>(lines_.size());
    lines_.push_back({.target = target, .next = now + mesh.interval / kQuicker * place / count});
  }
}

Duration TcpDialer::Step(MonotonicTime now, std::optional<ControllerTime> now_there, TcpTally& tally) {
  Duration wait = kLongestTcpTimeout;
  for (Line& line : lines_) {
    if (line.open) End(line, now, tally);
    if (!line.open && now >= line.next && now_there) Begin(line, now, *now_there, tally);
    const Duration more = line.open ? line.begun + mesh_.timeout - now : line.next - now;
    wait = std::min(wait, now_there ? more : std::max(more, kMappingPatience));
  }
  return std::max(wait, Duration(0));
}

void TcpDialer::AddWaits(std::vector<pollfd>& waits) const {
  for (const Line& line : lines_) {
    if (line.open) waits.push_back({.fd = line.open.get(), .events = POLLOUT, .revents = 0});
  }
}

// An answer that is there counts, however late this comes to look.
void TcpDialer::End(Line& line, MonotonicTime now, TcpTally& tally) {
  std::optional<TcpOutcome> outcome = sockets_.Ended(line.open);
  if (!outcome && now - line.begun >= mesh_.timeout) outcome = TcpOutcome::kTimedOut;
  if (!outcome) return;
  tally.Count(line.target, line.begun_there, mesh_.window, *outcome, now - line.begun);
  line.open = UniqueFd();
}

void TcpDialer::Begin(Line& line, MonotonicTime now, ControllerTime now_there, TcpTally& tally) {
  const Duration interval = ++line.attempts < kQuick ? mesh_.interval / kQuicker : mesh_.interval;
  line.next += interval;
  if (line.next <= now) line.next = now + interval;
  auto begun = sockets_.Begin(*mesh_.Own(line.target.address.family()), line.target.address, line.target.port);
  if (const TcpOutcome* outcome = std::get_if<TcpOutcome>(&begun)) {
    tally.Count(line.target, now_there, mesh_.window, *outcome, Duration(0));
    return;
  }
  line.open = std::move(std::get<UniqueFd>(begun));
  line.begun = now;
  line.begun_there = now_there;
}

}  // namespace faultline
