#include "agent/observe/tcp_prober.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/observe/tcp_dialer.h"
#include "agent/observe/tcp_listeners.h"
#include "common/status.h"

namespace faultline {
namespace {

// The two are the same but for how long they last.
bool SameWork(TcpMesh a, const TcpMesh& b) {
  a.lasts = b.lasts;
  return a == b;
}

}  // namespace

TcpProber::TcpProber(const Clock& clock, ClockMapping mapping, bool listen)
    : clock_(clock), mapping_(std::move(mapping)), listen_(listen) {}

TcpProber::~TcpProber() {
  const std::lock_guard configure(configure_mutex_);
  Stop();
}

absl::Status TcpProber::Configure(const TcpMesh& mesh) {
  FAULTLINE_RETURN_IF_ERROR(CheckTcpMesh(mesh));
  const std::lock_guard configure(configure_mutex_);
  {
    const std::lock_guard lock(mutex_);
    const MonotonicTime now = clock_.Now();
    const bool goes_on = thread_.joinable() && now < until_;
    until_ = now + mesh.lasts;
    if (goes_on && SameWork(mesh_, mesh)) return absl::OkStatus();
  }
  Stop();
  mesh_ = mesh;
  return Start();
}

std::vector<TcpCount> TcpProber::Drain() {
  const std::lock_guard lock(mutex_);
  return tally_.Drain();
}

std::uint64_t TcpProber::dropped() const {
  const std::lock_guard lock(mutex_);
  return tally_.dropped();
}

absl::Status TcpProber::Start() {
  if (mesh_.targets.empty() && (!listen_ || mesh_.dialled_ports.empty())) return absl::OkStatus();
  wake_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) return ErrnoError(errno, "making the TCP prober's eventfd");
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void TcpProber::Stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  // Cannot fail: the counter of an eventfd of ours has room.
  while (write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  thread_.join();
}

void TcpProber::Run() {
  TcpDialer dialer(mesh_, sockets_, clock_.Now());
  TcpMesh listened = mesh_;
  if (!listen_) listened.dialled_ports.clear();
  TcpListeners listeners(listened);
  std::vector<pollfd> waits;
  while (true) {
    const MonotonicTime now = clock_.Now();
    Duration wait(0);
    {
      const std::lock_guard lock(mutex_);
      if (now >= until_) return;
      wait = std::min(dialer.Step(now, mapping_(now), tally_), until_ - now);
    }
    listeners.Serve();
    waits.assign({{.fd = wake_.get(), .events = POLLIN, .revents = 0}});
    dialer.AddWaits(waits);
    listeners.AddWaits(waits);
    const timespec limit = ToTimespec(wait);
    // Nothing else can go wrong with descriptors of ours.
    if (ppoll(waits.data(), waits.size(), &limit, nullptr) < 0 && errno != EINTR) return;
    if (waits.front().revents != 0) return;
  }
}

}  // namespace faultline
