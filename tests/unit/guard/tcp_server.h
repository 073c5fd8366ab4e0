#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "common/unique_fd.h"

namespace faultline {

// Listens on a free port of 127.0.0.1 and answers every connection with the same text, once it has got a request; with
// an empty text it never answers.
class TcpServer {
 public:
  explicit TcpServer(std::string answer) : answer_(std::move(answer)), socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(socket_.get(), 8);
    socklen_t size = sizeof address;
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~TcpServer() {
    shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }
  std::uint16_t port() const { return port_; }
  std::string Url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

 private:
  void Serve() {
    std::vector<UniqueFd> open;
    while (true) {
      UniqueFd client(accept(socket_.get(), nullptr, nullptr));
      if (!client) return;
      if (!answer_.empty()) {
        std::array<char, 4096> request;
        if (recv(client.get(), request.data(), request.size(), 0) > 0) {
          send(client.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
        }
      } else {
        open.push_back(std::move(client));
      }
    }
  }

  std::string answer_;
  UniqueFd socket_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace faultline
