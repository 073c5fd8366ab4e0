#include "agent/session/renewal.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/identity/certificate_authority.h"
#include "common/identity/certificate_request.h"
#include "common/identity/private_file.h"
#include "common/log/log.h"
#include "common/rpc/status.h"
#include "common/status.h"
#include "faultline/v1/identity.grpc.pb.h"

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Duration kPatience = seconds(10);
constexpr Duration kLongestRenewalPause = hours(1);
constexpr Duration kShortestPause = std::chrono::milliseconds(500);
// Only a person, or a calendar that is put right, can mend that.
constexpr Duration kPauseOfEnded = std::chrono::minutes(1);
// Between two looks whether a renewed certificate can be taken into use.
constexpr Duration kLongestUnused = seconds(1);

}  // namespace

Duration PauseBeforeRenewal(WallTime due, WallTime end, WallTime now) {
  if (now >= end) return kPauseOfEnded;
  return std::clamp<Duration>(now < due ? due - now : (end - now) / 20, kShortestPause, kLongestRenewalPause);
}

absl::Status CheckRenewed(const Certificate& made, const Certificate& present,
                          const std::vector<Certificate>& authorities, WallTime now) {
  const auto refused = [](absl::string_view why) {
    return absl::FailedPreconditionError(
        absl::StrCat("the controller answered with a certificate that ", why, "; the present one is kept"));
  };
  FAULTLINE_ASSIGN_OR_RETURN(const Identity own, present.SubjectIdentity());
  const absl::StatusOr<Identity> identity = made.SubjectIdentity();
  if (!identity.ok() || own.kind != IdentityKind::kNode || *identity != own) return refused("is not this node's");
  const bool is_signed =
      std::ranges::any_of(authorities, [&](const Certificate& authority) { return made.IsSignedBy(authority); });
  if (!is_signed) return refused("none of this node's authorities has signed");
  if (now < made.NotBefore()) return refused("has not begun by this host's calendar");
  if (now >= made.NotAfter()) return refused("has ended by this host's calendar");
  return absl::OkStatus();
}

Renewal::Renewal(const Clock& clock, std::string controller, Security security, std::function<bool()> redial)
    : clock_(clock),
      controller_(std::move(controller)),
      security_(std::move(security)),
      redial_(std::move(redial)),
      thread_([this] { Loop(); }) {}

Renewal::~Renewal() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (context_ != nullptr) context_->TryCancel();
  }
  wake_.notify_all();
  thread_.join();
}

void Renewal::Loop() {
  absl::Status said;
  Duration pause{};
  while (Wait(pause)) {
    pause = kLongestRenewalPause;
    const absl::StatusOr<bool> renewed = RenewIfDue(pause);
    if (!renewed.ok() && renewed.status() != said) {
      LogWarning(absl::StrCat("the certificate was not renewed: ", renewed.status().message()));
    }
    said = renewed.status();
    unused_ = unused_ || (renewed.ok() && *renewed);
    if (!unused_) continue;
    unused_ = !redial_();
    pause = std::min(pause, kLongestUnused);
  }
}

absl::StatusOr<bool> Renewal::RenewIfDue(Duration& pause) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadFile(security_.tls.certificate));
  FAULTLINE_ASSIGN_OR_RETURN(const Certificate present, Certificate::Parse(text));
  const WallTime now = clock_.WallNow();
  const WallTime due = RenewalOf(present);
  pause = PauseBeforeRenewal(due, present.NotAfter(), now);
  if (now < due) return false;
  FAULTLINE_ASSIGN_OR_RETURN(const std::string key_text, ReadFile(security_.tls.key));
  FAULTLINE_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::Parse(key_text));
  FAULTLINE_ASSIGN_OR_RETURN(const std::string request, CertificateRequest::Make(key));
  FAULTLINE_ASSIGN_OR_RETURN(const std::string next, AskForNext(request));
  FAULTLINE_ASSIGN_OR_RETURN(const Certificate made, Certificate::Parse(next));
  if (!key.Fits(made)) return absl::InternalError("the controller answered with a certificate of another key");
  FAULTLINE_ASSIGN_OR_RETURN(const std::string authority_text, ReadFile(security_.tls.ca));
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Certificate> authorities, Certificate::ParseChain(authority_text));
  FAULTLINE_RETURN_IF_ERROR(CheckRenewed(made, present, authorities, clock_.WallNow()));
  FAULTLINE_RETURN_IF_ERROR(WritePrivateFile(security_.tls.certificate, next));
  LogInfo("the certificate was renewed");
  return true;
}

absl::StatusOr<std::string> Renewal::AskForNext(const std::string& request_text) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto channel, OpenChannel(controller_, security_, grpc::ChannelArguments()));
  const auto stub = v1::IdentityService::NewStub(channel);
  v1::RenewRequest request;
  request.set_certificate_request(request_text);
  v1::RenewResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::duration_cast<seconds>(kPatience));
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return absl::CancelledError("stopping");
    context_ = &context;
  }
  const grpc::Status status = stub->Renew(&context, request, &response);
  {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
  }
  if (!status.ok()) return FromGrpc(status);
  return response.certificates();
}

bool Renewal::Wait(Duration pause) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, pause, [this] { return stopping_; });
  return !stopping_;
}

}  // namespace faultline
