data "aws_availability_zones" "here" {
  state = "available"
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

data "aws_ssm_parameter" "ami" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

locals {
  names = [for i in range(var.nodes) : "${var.prefix}-${i + 1}"]
}

resource "aws_vpc" "here" {
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  tags                 = merge(var.tags, { Name = var.name })
}

resource "aws_internet_gateway" "here" {
  vpc_id = aws_vpc.here.id
  tags   = merge(var.tags, { Name = var.name })
}

resource "aws_subnet" "here" {
  count                   = 3
  vpc_id                  = aws_vpc.here.id
  cidr_block              = cidrsubnet(var.cidr, 4, count.index)
  availability_zone       = data.aws_availability_zones.here.names[count.index]
  map_public_ip_on_launch = true
  tags                    = merge(var.tags, { Name = "${var.name}-${count.index + 1}" })
}

resource "aws_route_table" "here" {
  vpc_id = aws_vpc.here.id
  tags   = merge(var.tags, { Name = var.name })
}

resource "aws_route" "outside" {
  route_table_id         = aws_route_table.here.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.here.id
}

resource "aws_route" "other_region" {
  route_table_id            = aws_route_table.here.id
  destination_cidr_block    = var.other_cidr
  vpc_peering_connection_id = var.peering_id
}

resource "aws_route_table_association" "here" {
  count          = 3
  subnet_id      = aws_subnet.here[count.index].id
  route_table_id = aws_route_table.here.id
}

resource "aws_security_group" "nodes" {
  name        = "${var.name}-nodes"
  description = "Faultline nodes: probes of each other, and the service under test"
  vpc_id      = aws_vpc.here.id
  tags        = var.tags

  ingress {
    description = "Probes"
    from_port   = 7401
    to_port     = 7401
    protocol    = "udp"
    cidr_blocks = [var.cidr, var.other_cidr]
  }

  dynamic "ingress" {
    for_each = toset(var.tcp_ports)
    content {
      description = "The service under test"
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = [var.cidr, var.other_cidr]
    }
  }

  egress {
    description = "Other nodes, the controller"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = [var.cidr, var.other_cidr]
  }

  egress {
    description = "Packages, SSM"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "node" {
  for_each               = { for i, name in local.names : name => i }
  ami                    = data.aws_ssm_parameter.ami.insecure_value
  instance_type          = var.instance_type
  subnet_id              = aws_subnet.here[each.value % 3].id
  vpc_security_group_ids = [aws_security_group.nodes.id]
  iam_instance_profile   = var.instance_profile
  tags                   = merge(var.tags, { Name = each.key })

  user_data = templatefile("${path.module}/../../cloud-init/agent.yaml", merge(var.user_data, { name = each.key }))
  # Another token in the parameter, or another version, is no reason to lose a node: see the SSM document for upgrades.
  user_data_replace_on_change = false

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "enabled"
  }

  root_block_device {
    encrypted = true
  }

  lifecycle {
    ignore_changes = [ami, user_data]
  }

  # What its user data needs on its way out.
  depends_on = [aws_route.outside, aws_route.other_region, aws_route_table_association.here]
}
