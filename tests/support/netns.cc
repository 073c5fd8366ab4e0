#include "tests/support/netns.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/udp.h"

namespace faultline::testing {
namespace {

// For `ip -batch`.
constexpr char kShow[] = "link show\naddress show\nroute show table all\n";

UniqueFd CurrentNetns() { return UniqueFd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)); }

void Enter(const UniqueFd& netns) {
  // A test that went on in the wrong namespace could change the host.
  if (setns(netns.get(), CLONE_NEWNET) != 0) {
    fprintf(stderr, "setns: %s\n", strerror(errno));
    abort();
  }
}

void StayOnOneCpu() {
  cpu_set_t now;
  if (sched_getaffinity(0, sizeof(now), &now) != 0) return;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &now)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof(one), &one);
    return;
  }
}

// Returns when datagrams get through.
void AwaitPassage(const Netns& from_netns, const std::string& from, const Netns& to_netns, const std::string& to) {
  constexpr std::uint16_t kPort = 9;
  UdpSocket sender(from_netns, from, 0);
  UdpSocket receiver(to_netns, to, kPort);
  for (int attempt = 0; attempt < 500; ++attempt) {
    EXPECT_EQ(sender.SendTo(to, kPort, "passage"), 0);
    if (!receiver.Receive(std::chrono::milliseconds(10)).empty()) return;
  }
  ADD_FAILURE() << "the wire from " << from << " to " << to << " does not work";
}

}  // namespace

std::string WhyNoNetns() {
  const pid_t child = fork();
  if (child == 0) _exit(unshare(CLONE_NEWNET) == 0 ? 0 : errno);
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return "cannot fork";
  if (WEXITSTATUS(status) == 0) return "";
  return absl::StrCat("cannot make a network namespace (", strerror(WEXITSTATUS(status)), "): be root");
}

Netns::Netns() {
  const UniqueFd back = CurrentNetns();
  if (unshare(CLONE_NEWNET) != 0) {
    ADD_FAILURE() << "unshare(CLONE_NEWNET): " << strerror(errno);
    return;
  }
  fd_ = CurrentNetns();
  ifreq loopback = {.ifr_ifrn = {"lo"}, .ifr_ifru = {.ifru_flags = IFF_UP}};
  const UniqueFd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (ioctl(socket_fd.get(), SIOCSIFFLAGS, &loopback) != 0) ADD_FAILURE() << "lo: " << strerror(errno);
  Enter(back);
}

std::string Netns::path() const { return absl::StrCat("/proc/", getpid(), "/fd/", fd_.get()); }

std::string Netns::Run(const std::string& words, const std::string& input) const {
  const InNetns inside(*this);
  return Command(words, input);
}

std::string Netns::State() const {
  const InNetns inside(*this);
  std::string state;
  // Links and addresses on a line each, to leave out a link's "state UP": the kernel brings that up to date in its own
  // time.
  for (absl::string_view line : absl::StrSplit(Command("ip -o -batch -", kShow), '\n')) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(" state ", 1));
    absl::StrAppend(&state, parts.first, parts.second.substr(std::min(parts.second.find(' '), parts.second.size())),
                    "\n");
  }
  for (const char* command : {"tc qdisc show", "nft -s list ruleset"}) {
    absl::StrAppend(&state, "$ ", command, "\n", Command(command));
  }
  return state;
}

InNetns::InNetns(const Netns& netns) : back_(CurrentNetns()) {
  if (setns(netns.fd(), CLONE_NEWNET) != 0) {
    fprintf(stderr, "setns: %s\n", strerror(errno));
    abort();
  }
}

InNetns::~InNetns() { Enter(back_); }

void Wire(const Netns& node, const Netns& peer) {
  node.Run("ip link add eth0 type veth peer name eth0 netns " + peer.path());
  // No link-local address whose duplicate detection would change the state while a test runs.
  node.Run("ip -batch -", R"(link set eth0 addrgenmode none up
address add 172.32.4.2/11 dev eth0
address add fd20::402/15 dev eth0 nodad
route add 169.254.169.253 dev eth0
route add fd00:ec2::253 dev eth0
)");
  peer.Run("ip -batch -", R"(link set eth0 addrgenmode none up
address add 172.33.11.90/11 dev eth0
address add fd21::b5a/15 dev eth0 nodad
address add 169.254.169.253/32 dev eth0
address add fd00:ec2::253/128 dev eth0 nodad
)");
  // IPv6 joins an address's neighbour discovery group up to a second after the link came up, nodad or not.
  AwaitPassage(node, "fd20::402", peer, "fd21::b5a");
  AwaitPassage(peer, "fd21::b5a", node, "fd20::402");
}

void NetnsTest::SetUp() {
  if (const std::string reason = WhyNoNetns(); !reason.empty()) GTEST_SKIP() << reason;
  StayOnOneCpu();
  node_ = std::make_unique<Netns>();
  peer_ = std::make_unique<Netns>();
  Wire(*node_, *peer_);
  before_ = node_->State();
}

void NetnsTest::TearDown() {
  if (node_ == nullptr || IsSkipped()) return;
  EXPECT_EQ(node_->State(), before_) << "the test left something behind, or took something away";
}

}  // namespace faultline::testing
