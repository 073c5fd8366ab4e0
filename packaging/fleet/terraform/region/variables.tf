variable "name" {
  description = "Name of the VPC and prefix of what is in it."
  type        = string
}

variable "prefix" {
  description = "Nodes are PREFIX-1, PREFIX-2, ..."
  type        = string
}

variable "cidr" {
  description = "The VPC's, a /16: its first three /20s are the subnets."
  type        = string
}

variable "other_cidr" {
  description = "The other region's, which is reached by the peering."
  type        = string
}

variable "peering_id" {
  description = "The peering connection, accepted."
  type        = string
}

variable "nodes" {
  description = "How many, over the subnets in turn."
  type        = number
}

variable "instance_type" {
  description = "Of every node; x86-64."
  type        = string
}

variable "instance_profile" {
  description = "Name of the nodes' instance profile."
  type        = string
}

variable "tcp_ports" {
  description = "TCP ports of your own service, open between the nodes."
  type        = list(number)
}

variable "user_data" {
  description = "What cloud-init/agent.yaml asks for, but the name."
  type        = map(string)
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
}
