#include "agent/observe/probe_packet.h"

namespace faultline {
namespace {

constexpr std::uint32_t kMagic = 0x464c5042;  // "FLPB"
constexpr std::uint8_t kVersion = 2;
constexpr std::size_t kPadding = 3;

class Writer {
 public:
  explicit Writer(std::span<std::uint8_t> bytes) : rest_(bytes) {}

  void Put(std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
      rest_[i] = static_cast<std::uint8_t>(value >> (8 * (width - 1 - i)));
    }
    rest_ = rest_.subspan(width);
  }

 private:
  std::span<std::uint8_t> rest_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  std::uint64_t Take(std::size_t width) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = (value << 8) | rest_[i];
    rest_ = rest_.subspan(width);
    return value;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace

std::array<std::uint8_t, kProbePacketSize> EncodeProbePacket(const ProbePacket& packet) {
  std::array<std::uint8_t, kProbePacketSize> bytes;
  Writer writer(bytes);
  writer.Put(kMagic, 4);
  writer.Put(kVersion, 1);
  writer.Put(0, kPadding);
  writer.Put(packet.token, 8);
  writer.Put(packet.sender, 4);
  writer.Put(packet.receiver, 4);
  writer.Put(packet.sequence, 8);
  writer.Put(static_cast<std::uint64_t>(packet.sent_at.time_since_epoch().count()), 8);
  return bytes;
}

std::optional<ProbePacket> DecodeProbePacket(std::span<const std::uint8_t> bytes) {
  if (bytes.size() != kProbePacketSize) return std::nullopt;
  Reader reader(bytes);
  if (reader.Take(4) != kMagic || reader.Take(1) != kVersion || reader.Take(kPadding) != 0) return std::nullopt;
  ProbePacket packet;
  packet.token = reader.Take(8);
  packet.sender = static_cast<std::uint32_t>(reader.Take(4));
  packet.receiver = static_cast<std::uint32_t>(reader.Take(4));
  packet.sequence = reader.Take(8);
  packet.sent_at = ControllerTime(Duration(static_cast<Duration::rep>(reader.Take(8))));
  return packet;
}

}  // namespace faultline
