#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/doctor/controller_facts.h"
#include "common/identity/certificate.h"

namespace faultline {
namespace {

// A certificate renews itself when a third of its life is left. One with less than half of that has failed to.
constexpr int kRenewalFailed = 6;

std::string LeftText(Duration left) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(left).count();
  if (hours >= 48) return absl::StrCat(hours / 24, " days");
  if (hours > 0) return absl::StrCat(hours, " hours");
  return absl::StrCat(std::chrono::duration_cast<std::chrono::minutes>(left).count(), " minutes");
}

std::string MendTls(const ControllerFacts& facts) {
  const std::string enroll = "on the controller: faultline token create; here: faultline-agent enroll --token TOKEN";
  switch (facts.tls->trouble) {
    case TlsTrouble::kNone:
      return "";
    case TlsTrouble::kFiles:
      return enroll;
    case TlsTrouble::kNoTls:
      return absl::StrCat("see that faultline-controller, with TLS, is what listens at ", facts.address);
    case TlsTrouble::kStranger:
      return absl::StrCat("have the CA of this controller in ", facts.files.ca, ", or ", enroll);
    case TlsTrouble::kEnded:
    case TlsTrouble::kNotBegun:
      return "timedatectl: set this node's clock if it is wrong; else have the controller's certificate made anew "
             "(faultline pki init)";
    case TlsTrouble::kWrongName:
      return "name the controller in the configuration as its certificate does, or on its host: faultline pki init "
             "--host NAME";
    case TlsTrouble::kRefused:
      return enroll;
  }
  return "";
}

}  // namespace

Examination JudgeController(const ControllerFacts& facts) {
  constexpr absl::string_view kSubject = "controller";
  if (facts.address.empty()) {
    const bool denied = absl::IsPermissionDenied(facts.resolved.status());
    return {Bad(kSubject, std::string(facts.resolved.status().message()),
                denied ? "run this as root"
                       : "on the controller: faultline token create; here: faultline-agent enroll --controller "
                         "HOST:PORT --token TOKEN")};
  }
  if (!facts.resolved.ok()) {
    const bool config = absl::IsInvalidArgument(facts.resolved.status());
    return {Bad(kSubject, std::string(facts.resolved.status().message()),
                config ? "mend 'controller' in the configuration"
                       : "mend 'controller' in the configuration, or /etc/resolv.conf")};
  }
  if (!facts.connected.ok()) {
    return {Bad(kSubject, std::string(facts.connected.message()),
                absl::StrCat("systemctl status faultline-controller on its host; let TCP to ", facts.address,
                             " out of this node and into that one (security groups, firewalls)"))};
  }
  Examination findings = {Good(kSubject, absl::StrCat(facts.address, " can be reached"))};
  if (!facts.tls) {
    findings.push_back(Good("tls", "not used"));
  } else if (facts.tls->trouble == TlsTrouble::kNone) {
    findings.push_back(Good("tls", "the controller and this node believe each other"));
  } else {
    findings.push_back(Bad("tls", facts.tls->detail, MendTls(facts)));
  }
  return findings;
}

Examination JudgeCertificate(const ControllerFacts& facts) {
  if (!facts.ends || !facts.begins) return {};
  constexpr absl::string_view kSubject = "certificate";
  const std::string renew = "journalctl -u faultline-agent says why it was not renewed; else enrol this node anew";
  if (facts.now >= *facts.ends) {
    return {Bad(kSubject, absl::StrCat(facts.files.certificate, " has ended at ", MinuteText(*facts.ends)), renew)};
  }
  const Duration left = *facts.ends - facts.now;
  const std::string detail = absl::StrCat("ends in ", LeftText(left), ", at ", MinuteText(*facts.ends));
  if (left * kRenewalFailed < *facts.ends - *facts.begins) return {Warning(kSubject, detail, renew)};
  return {Good(kSubject, detail)};
}

}  // namespace faultline
