#include "tests/lab/kernel/lane_bed.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "agent/kernel/tc_qdisc.h"
#include "tests/support/matchers.h"
#include "tests/support/udp.h"

namespace faultline::testing {
namespace {

constexpr std::uint16_t kPort = 3000;

// What each datagram begins with.
struct Stamp {
  std::uint32_t sequence = 0;
  std::uint32_t padding = 0;
  std::int64_t sent = 0;
};

std::int64_t WallNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

sockaddr_in Address(const std::string& address, std::uint16_t port) {
  sockaddr_in in{.sin_family = AF_INET, .sin_port = htons(port)};
  EXPECT_EQ(inet_pton(AF_INET, address.c_str(), &in.sin_addr), 1) << address;
  return in;
}

void Check(bool good, const char* what) {
  if (!good) ADD_FAILURE() << what << ": " << strerror(errno);
}

void SetOption(const UniqueFd& fd, int level, int option, int value, const char* what) {
  Check(setsockopt(fd.get(), level, option, &value, sizeof(value)) == 0, what);
}

UniqueFd Open(const Netns& netns, int type) {
  const InNetns inside(netns);
  UniqueFd fd(socket(AF_INET, type | SOCK_CLOEXEC, 0));
  Check(static_cast<bool>(fd), "socket");
  return fd;
}

void Bind(const UniqueFd& fd, const std::string& address, std::uint16_t port) {
  const sockaddr_in local = Address(address, port);
  Check(bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof(local)) == 0, "bind");
}

void Connect(const UniqueFd& fd, const std::string& address, std::uint16_t port) {
  const sockaddr_in remote = Address(address, port);
  Check(connect(fd.get(), reinterpret_cast<const sockaddr*>(&remote), sizeof(remote)) == 0, "connect");
}

std::int64_t ArrivalOf(msghdr& header) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec time{};
    std::memcpy(&time, CMSG_DATA(control), sizeof(time));
    return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
  }
  ADD_FAILURE() << "a datagram without a time stamp";
  return 0;
}

}  // namespace

MonotonicTime Now() { return SystemClock().Now(); }

DatagramSource::DatagramSource(const Netns& netns, const std::string& to, std::uint16_t port, std::size_t payload)
    : fd_(Open(netns, SOCK_DGRAM)), to_(Address(to, port)), payload_(payload) {
  SetOption(fd_, SOL_SOCKET, SO_SNDBUFFORCE, 64 << 20, "SO_SNDBUFFORCE");
}

std::size_t DatagramSource::aggregate() const { return std::min<std::size_t>(64, 60'000 / payload_); }

void DatagramSource::Send(std::size_t datagrams) {
  std::string data(datagrams * payload_, 'x');
  for (std::size_t i = 0; i < datagrams; ++i) {
    const Stamp stamp{.sequence = sent_++, .sent = WallNanoseconds()};
    std::memcpy(data.data() + i * payload_, &stamp, sizeof(stamp));
  }
  if (const bool many = datagrams > 1; many != aggregates_) {
    SetOption(fd_, SOL_UDP, UDP_SEGMENT, many ? static_cast<int>(payload_) : 0, "UDP_SEGMENT");
    aggregates_ = many;
  }
  // Not connected: it is not told when nobody listens.
  const auto* to = reinterpret_cast<const sockaddr*>(&to_);
  Check(sendto(fd_.get(), data.data(), data.size(), 0, to, sizeof(to_)) == static_cast<ssize_t>(data.size()), "send");
}

DatagramSink::DatagramSink(const Netns& netns, const std::string& address, std::uint16_t port)
    : fd_(Open(netns, SOCK_DGRAM)) {
  SetOption(fd_, SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20, "SO_RCVBUFFORCE");
  SetOption(fd_, SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");
  Bind(fd_, address, port);
}

void DatagramSink::Drain() {
  constexpr int kAtOnce = 64;
  struct Slot {
    Stamp stamp;
    std::array<char, 64> control{};
  };
  std::array<Slot, kAtOnce> slots;
  while (true) {
    std::array<mmsghdr, kAtOnce> messages{};
    std::array<iovec, kAtOnce> parts{};
    for (int i = 0; i < kAtOnce; ++i) {
      parts[i] = {.iov_base = &slots[i].stamp, .iov_len = sizeof(Stamp)};
      msghdr& header = messages[i].msg_hdr;
      header.msg_iov = &parts[i];
      header.msg_iovlen = 1;
      header.msg_control = slots[i].control.data();
      header.msg_controllen = slots[i].control.size();
    }
    const int count = recvmmsg(fd_.get(), messages.data(), kAtOnce, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < count; ++i) {
      const Stamp& stamp = slots[i].stamp;
      arrived_.push_back({.sequence = stamp.sequence, .delay = Duration(ArrivalOf(messages[i].msg_hdr) - stamp.sent)});
    }
    if (count < kAtOnce) return;
  }
}

bool DatagramSink::Await(Duration timeout) {
  pollfd waited{.fd = fd_.get(), .events = POLLIN};
  return poll(&waited, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(timeout).count())) > 0;
}

TcpLoad::TcpLoad(const Netns& from, const Netns& to, const std::string& address, std::uint16_t port, int segment)
    : sender_(Open(from, SOCK_STREAM)) {
  const UniqueFd listener = Open(to, SOCK_STREAM);
  if (segment != 0) SetOption(sender_, IPPROTO_TCP, TCP_MAXSEG, segment, "TCP_MAXSEG");
  Bind(listener, address, port);
  Check(listen(listener.get(), 1) == 0, "listen");
  Connect(sender_, address, port);
  receiver_ = UniqueFd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  Check(static_cast<bool>(receiver_), "accept");
  send_ = std::thread([this] {
    const std::string data(1 << 16, 'x');
    while (!ended_ && send(sender_.get(), data.data(), data.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  receive_ = std::thread([this] {
    std::string data(1 << 18, '\0');
    while (recv(receiver_.get(), data.data(), data.size(), 0) > 0) {
    }
  });
}

TcpLoad::~TcpLoad() {
  ended_ = true;
  shutdown(sender_.get(), SHUT_RDWR);
  shutdown(receiver_.get(), SHUT_RDWR);
  send_.join();
  receive_.join();
}

void LaneBed::SetUp() {
  NetnsTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  const InNetns inside(node());
  auto socket = RtSocket::Open();
  ASSERT_THAT(socket, IsOk());
  socket_ = std::make_unique<RtSocket>(*std::move(socket));
}

void LaneBed::TearDown() {
  if (socket_ != nullptr) Clear();
  NetnsTest::TearDown();
}

void LaneBed::Clear() {
  const InNetns inside(node());
  // Not every test has them.
  RunCommand({"nft", "delete", "table", "netdev", "bed"});
  RunCommand({"nft", "delete", "table", "inet", "bed"});
  if (lane_ == nullptr) return;
  EXPECT_THAT(DeleteLane(*socket_, *lane_), IsOk());
  lane_.reset();
}

std::string LaneBed::Entrance() const {
  const InNetns inside(node());
  std::array<char, IF_NAMESIZE> name{};
  Check(if_indextoname(lane().index, name.data()) != nullptr, "if_indextoname");
  return name.data();
}

void LaneBed::Make(const LaneSpec& spec) {
  const auto lane = MakeLane(socket(), spec);
  ASSERT_THAT(lane, IsOk());
  lane_ = std::make_unique<Lane>(*lane);
}

void LaneBed::Change(const LaneSpec& spec) { ASSERT_THAT(ChangeLane(socket(), lane(), spec), IsOk()); }

void LaneBed::Forward(const std::string& device) {
  node().Run("nft -f -", absl::StrCat(R"(
    table netdev bed {
      chain in {
        type filter hook ingress device "eth0" priority 0;
        ip saddr )",
                                      kPeer4, " udp dport ", kFencePort, R"( return
        ip saddr )",
                                      kPeer4, " fwd to ", device, R"(
      }
    }
    table inet bed {
      counter arrived {}
      chain in {
        type filter hook prerouting priority -300;
        ip saddr )",
                                      kPeer4, " udp dport != ", kFencePort, R"( counter name arrived
        ip saddr )",
                                      kPeer4, R"( meta l4proto tcp counter name arrived
      }
    })"));
}

LaneCounters LaneBed::Counters() {
  const auto counters = ReadLane(socket(), lane());
  EXPECT_THAT(counters, IsOk());
  return counters.value_or(LaneCounters());
}

std::uint32_t LaneBed::Waiting() {
  const auto qdiscs = ListQdiscs(socket(), lane().device);
  EXPECT_THAT(qdiscs, IsOk());
  if (!qdiscs.ok()) return 0;
  std::uint32_t waiting = 0;
  for (const Qdisc& qdisc : *qdiscs) waiting = std::max(waiting, qdisc.waiting);
  return waiting;
}

LaneBed::Traffic LaneBed::Arrived() const {
  const std::string text = node().Run("nft list counter inet bed arrived");
  std::istringstream words(text.substr(text.find("packets")));
  Traffic traffic;
  std::string word;
  words >> word >> traffic.packets >> word >> traffic.bytes;
  return traffic;
}

double LaneBed::BitsPerSecond(Duration time) {
  const auto left = [this] {
    const auto qdiscs = ListQdiscs(socket(), lane().device);
    EXPECT_THAT(qdiscs, IsOk());
    for (const Qdisc& qdisc : qdiscs.value_or(std::vector<Qdisc>())) {
      if (qdisc.parent == QdiscPlace::kRoot) return qdisc.bytes;
    }
    return std::uint64_t{0};
  };
  const MonotonicTime start = Now();
  const std::uint64_t before = left();
  std::this_thread::sleep_until(ToSteady(start + time));
  const MonotonicTime end = Now();
  const std::uint64_t after = left();
  return static_cast<double>(after - before) * 8 / std::chrono::duration<double>(end - start).count();
}

void LaneBed::DrainUntilEmpty(DatagramSink& sink) {
  constexpr Duration kStep = std::chrono::milliseconds(20);
  while (true) {
    const bool empty = Waiting() == 0;
    const bool more = sink.Await(kStep);
    sink.Drain();
    if (empty && !more) return;
  }
}

std::vector<Datagram> LaneBed::Pass(std::uint32_t datagrams, std::size_t payload) {
  DatagramSink sink(node(), kNode4, kPort);
  DatagramSource source(peer(), kNode4, kPort, payload);
  while (source.sent() < datagrams) {
    source.Send(std::min<std::size_t>(source.aggregate(), datagrams - source.sent()));
    sink.Drain();
  }
  DrainUntilEmpty(sink);
  return sink.arrived();
}

std::vector<Datagram> LaneBed::PassSingly(std::uint32_t datagrams, Duration spacing, std::size_t payload) {
  DatagramSink sink(node(), kNode4, kPort);
  DatagramSource source(peer(), kNode4, kPort, payload);
  MonotonicTime next = Now();
  while (source.sent() < datagrams) {
    source.Send();
    sink.Drain();
    next += spacing;
    std::this_thread::sleep_until(ToSteady(next));
  }
  DrainUntilEmpty(sink);
  return sink.arrived();
}

}  // namespace faultline::testing
