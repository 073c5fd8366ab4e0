variable "name" {
  description = "Prefix of the names of everything that is made."
  type        = string
  default     = "faultline"
}

variable "agent_package" {
  description = "Where the agent's .rpm is, s3://BUCKET/KEY or https://..., and its SHA-256."
  type = object({
    url    = string
    sha256 = string
  })
}

variable "controller_package" {
  description = "The same of the controller's."
  type = object({
    url    = string
    sha256 = string
  })
}

variable "package_bucket" {
  description = "Name of the bucket that the packages are in, which the instances are then allowed to read; empty: in none."
  type        = string
  default     = ""
}

variable "instance_type" {
  description = "Of every instance; x86-64."
  type        = string
  default     = "t3.small"
}

variable "nodes_per_region" {
  description = "How many nodes each region has, over its zones in turn."
  type        = number
  default     = 3

  validation {
    condition     = var.nodes_per_region >= 1 && var.nodes_per_region <= 50
    error_message = "1 to 50 nodes a region."
  }
}

variable "tcp_ports" {
  description = "TCP ports of your own service, open between the nodes."
  type        = list(number)
  default     = []
}

variable "tags" {
  description = "Tags of everything that is made. Agents have the instances' own as labels."
  type        = map(string)
  default     = {}
}
