#include "common/metrics/metrics_server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <prometheus/text_serializer.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr int kTimeoutSeconds = 5;
constexpr int kBacklog = 16;
constexpr int kMostHeaderBytes = 8192;

evconnlistener* Bind(event_base* base, const MetricsAddress& at) {
  constexpr unsigned kFlags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
  const auto bytes = at.address.bytes();
  if (at.address.family() == Family::kIpv4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(at.port);
    std::ranges::copy(bytes, reinterpret_cast<std::uint8_t*>(&in.sin_addr));
    return evconnlistener_new_bind(base, nullptr, nullptr, kFlags, kBacklog, reinterpret_cast<sockaddr*>(&in),
                                   sizeof in);
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(at.port);
  std::ranges::copy(bytes, in.sin6_addr.s6_addr);
  return evconnlistener_new_bind(base, nullptr, nullptr, kFlags | LEV_OPT_BIND_IPV6ONLY, kBacklog,
                                 reinterpret_cast<sockaddr*>(&in), sizeof in);
}

absl::Status ListenError(int error, const MetricsAddress& address) {
  const std::string what = absl::StrCat("metrics: cannot listen on ", address.ToString());
  if (error != EADDRINUSE) return ErrnoError(error, what);
  return absl::FailedPreconditionError(
      absl::StrCat(what, ": another program does; `ss -tlnp sport = ", address.port,
                   "` names it. Give another address in the configuration as metrics: {listen: ...}, or '' for none"));
}

void Answer(evhttp_request* request, void* collect) {
  const std::string text = prometheus::TextSerializer().Serialize((*static_cast<MetricsServer::Collect*>(collect))());
  evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
                    "text/plain; version=0.0.4; charset=utf-8");
  evbuffer_add(evhttp_request_get_output_buffer(request), text.data(), text.size());
  evhttp_send_reply(request, HTTP_OK, "OK", nullptr);
}

}  // namespace

void MetricsServer::Deleter::operator()(event_base* base) const { event_base_free(base); }
void MetricsServer::Deleter::operator()(event* timer) const { event_free(timer); }
void MetricsServer::Deleter::operator()(evhttp* server) const { evhttp_free(server); }
void MetricsServer::Deleter::operator()(evconnlistener* listener) const { evconnlistener_free(listener); }

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Listen(const MetricsAddress& address) {
  std::unique_ptr<MetricsServer> server(new MetricsServer);
  server->stop_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!server->stop_) return ErrnoError(errno, "metrics: making an eventfd");
  server->base_.reset(event_base_new());
  if (server->base_ == nullptr) return absl::ResourceExhaustedError("metrics: cannot make an event loop");
  server->listener_.reset(Bind(server->base_.get(), address));
  if (server->listener_ == nullptr) return ListenError(errno, address);
  return server;
}

MetricsServer::~MetricsServer() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  // Cannot fail: the counter of an eventfd of ours has room.
  while (write(stop_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  thread_.join();
  for (bufferevent* const connection : new_) bufferevent_decref(connection);
}

absl::Status MetricsServer::Serve(Collect collect) {
  collect_ = std::move(collect);
  server_.reset(evhttp_new(base_.get()));
  const auto count = [](int, short, void* self) { static_cast<MetricsServer*>(self)->Count(); };
  count_.reset(evtimer_new(base_.get(), count, this));
  if (server_ == nullptr || count_ == nullptr || evhttp_bind_listener(server_.get(), listener_.get()) == nullptr) {
    return absl::ResourceExhaustedError("metrics: cannot make an HTTP server");
  }
  door_ = listener_.release();  // The server's from here on.
  const auto take_one = [](event_base*, void* self) { return static_cast<MetricsServer*>(self)->TakeOne(); };
  evhttp_set_bevcb(server_.get(), take_one, this);
  evhttp_set_timeout(server_.get(), kTimeoutSeconds);
  evhttp_set_max_headers_size(server_.get(), kMostHeaderBytes);
  evhttp_set_max_body_size(server_.get(), 0);
  evhttp_set_allowed_methods(server_.get(), EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
  if (evhttp_set_cb(server_.get(), "/metrics", &Answer, &collect_) != 0) {
    return absl::InternalError("metrics: cannot set what is answered");
  }
  thread_ = std::thread([this] { Loop(); });
  return absl::OkStatus();
}

bufferevent* MetricsServer::TakeOne() {
  bufferevent* const connection = bufferevent_socket_new(base_.get(), -1, 0);
  if (connection == nullptr) return nullptr;
  // It is given its descriptor when this returns, and may be gone when that is looked at.
  bufferevent_incref(connection);
  new_.push_back(connection);
  constexpr timeval kAtOnce = {.tv_sec = 0, .tv_usec = 0};
  if (new_.size() == 1) evtimer_add(count_.get(), &kAtOnce);
  if (new_.size() + open_.of_all() >= kMostConnections) evconnlistener_disable(door_);
  return connection;
}

void MetricsServer::Count() {
  for (bufferevent* const connection : new_) {
    open_.Add(bufferevent_getfd(connection), "");
    bufferevent_decref(connection);
  }
  new_.clear();
  open_.Refresh();
  if (open_.of_all() < kMostConnections) {
    evconnlistener_enable(door_);
  } else {
    constexpr timeval kMoment = {.tv_sec = 0, .tv_usec = 50'000};
    evtimer_add(count_.get(), &kMoment);
  }
}

void MetricsServer::Loop() {
  // A client that has gone must not end the process.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  const auto stop = [](int, short, void* base) { event_base_loopbreak(static_cast<event_base*>(base)); };
  event_base_once(base_.get(), stop_.get(), EV_READ, stop, base_.get(), nullptr);
  event_base_dispatch(base_.get());
}

}  // namespace faultline
