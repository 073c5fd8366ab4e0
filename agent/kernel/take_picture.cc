#include "agent/kernel/take_picture.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/kernel/nl_dump.h"
#include "agent/kernel/nl_socket.h"
#include "agent/kernel/picture_reader.h"
#include "common/duration.h"
#include "common/status.h"

namespace faultline {
namespace {

using Add = absl::Status (PictureReader::*)(PictureReader::Message);

absl::Status Dump(NlConversation& conversation, NlDump request, Add add, PictureReader& reader) {
  const std::uint32_t sequence = conversation.next_sequence();
  return conversation.Query(request.Numbered(sequence), sequence, "look at the kernel's state",
                            [&](std::span<const std::uint8_t> bytes) { return (reader.*add)(bytes); });
}

absl::Status ReadNetfilter(NlConversation& conversation, PictureReader& reader) {
  FAULTLINE_RETURN_IF_ERROR(Dump(conversation, NlDump::Nft(NFT_MSG_GETTABLE), &PictureReader::AddTable, reader));
  FAULTLINE_RETURN_IF_ERROR(Dump(conversation, NlDump::Nft(NFT_MSG_GETCHAIN), &PictureReader::AddChain, reader));
  FAULTLINE_RETURN_IF_ERROR(Dump(conversation, NlDump::Nft(NFT_MSG_GETSET), &PictureReader::AddSet, reader));
  return Dump(conversation, NlDump::Nft(NFT_MSG_GETRULE), &PictureReader::AddRule, reader);
}

absl::Status ReadRouting(NlConversation& conversation, PictureReader& reader) {
  FAULTLINE_RETURN_IF_ERROR(Dump(conversation, NlDump::Devices(), &PictureReader::AddDevice, reader));
  FAULTLINE_RETURN_IF_ERROR(Dump(conversation, NlDump::Traffic(RTM_GETQDISC), &PictureReader::AddQdisc, reader));
  for (const PictureReader::FilterPlace& place : reader.filter_places()) {
    FAULTLINE_RETURN_IF_ERROR(Dump(conversation, NlDump::Traffic(RTM_GETTFILTER, place.device, place.parent),
                                   &PictureReader::AddFilter, reader));
  }
  return absl::OkStatus();
}

// Half a picture, taken again from its beginning when changes disturbed it.
absl::StatusOr<KernelPicture> Read(NlConversation& conversation,
                                   absl::Status (*read)(NlConversation&, PictureReader&)) {
  absl::Status status;
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    PictureReader reader;
    status = read(conversation, reader);
    if (status.ok()) return reader.Take();
    if (!absl::IsAborted(status)) return status;
  }
  return status;
}

// Has no more time from a moment on.
class HurriedTransport : public NlTransport {
 public:
  HurriedTransport(std::unique_ptr<NlTransport> transport, const Clock& clock, MonotonicTime until)
      : transport_(std::move(transport)), clock_(clock), until_(until) {}

  int Send(std::span<const std::uint8_t> datagram) override { return transport_->Send(datagram); }
  Received Receive(std::span<std::uint8_t> buffer, Duration timeout) override {
    const Duration left = until_ - clock_.Now();
    return left > Duration(0) ? transport_->Receive(buffer, std::min(timeout, left)) : Received{.error = EAGAIN};
  }
  std::uint32_t port_id() const override { return transport_->port_id(); }

 private:
  const std::unique_ptr<NlTransport> transport_;
  const Clock& clock_;
  const MonotonicTime until_;
};

}  // namespace

absl::StatusOr<KernelPicture> TakePicture(NlConversation& netfilter, NlConversation& routing) {
  FAULTLINE_ASSIGN_OR_RETURN(KernelPicture picture, Read(netfilter, ReadNetfilter));
  FAULTLINE_ASSIGN_OR_RETURN(KernelPicture rest, Read(routing, ReadRouting));
  picture.things.merge(rest.things);
  return picture;
}

absl::StatusOr<KernelPicture> TakePicture(Duration most) {
  const SystemClock clock;
  const MonotonicTime until = clock.Now() + most;
  const auto hurried = [&](std::unique_ptr<NlTransport> transport) {
    return NlConversation(std::make_unique<HurriedTransport>(std::move(transport), clock, until));
  };
  FAULTLINE_ASSIGN_OR_RETURN(auto netfilter_socket, NlSocket::Open(NlBus::kNetfilter));
  FAULTLINE_ASSIGN_OR_RETURN(auto routing_socket, NlSocket::Open(NlBus::kRouting));
  NlConversation netfilter = hurried(std::move(netfilter_socket));
  NlConversation routing = hurried(std::move(routing_socket));
  absl::StatusOr<KernelPicture> picture = TakePicture(netfilter, routing);
  if (!absl::IsDeadlineExceeded(picture.status())) return picture;
  return absl::DeadlineExceededError(
      absl::StrCat("the kernel's state could not be read within ", FormatDuration(most)));
}

}  // namespace faultline
