#include "controller/run/probe_keys.h"

#include <utility>

#include "absl/status/statusor.h"
#include "common/identity/secret.h"

namespace faultline {
namespace {

constexpr std::size_t kKeySize = 16;

}  // namespace

ProbeKeys::ProbeKeys() { Renew(); }

void ProbeKeys::Renew() {
  if (Changing()) {
    again_ = again_ || signs_new_;
    return;
  }
  absl::StatusOr<std::string> key = RandomBytes(kKeySize);
  if (!key.ok()) return;
  keys_.push_back(*std::move(key));
  ++step_;
}

void ProbeKeys::Replace() {
  again_ = Changing();
  if (!again_) Renew();
}

void ProbeKeys::Advance() {
  ++step_;
  if (!signs_new_) {
    std::swap(keys_[0], keys_[1]);
    signs_new_ = true;
    return;
  }
  keys_.pop_back();
  signs_new_ = false;
  if (std::exchange(again_, false)) Renew();
}

}  // namespace faultline
