#pragma once

#include "absl/status/statusor.h"
#include "agent/kernel/kernel_picture.h"
#include "agent/kernel/nl_conversation.h"
#include "common/clock.h"

namespace faultline {

// A picture of the network namespace of both conversations, that with netfilter and that with routing. Changes nothing.
// What others change meanwhile may be in it or not. Errors: ABORTED when changes disturbed each of several tries, those
// of PictureReader, the conversations'.
absl::StatusOr<KernelPicture> TakePicture(NlConversation& netfilter, NlConversation& routing);

// The same of the calling thread's namespace, by sockets opened for it. DEADLINE_EXCEEDED when it takes longer than
// `most`.
absl::StatusOr<KernelPicture> TakePicture(Duration most);

}  // namespace faultline
