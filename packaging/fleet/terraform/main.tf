locals {
  cidrs = {
    london = "172.32.0.0/16"
    paris  = "172.33.0.0/16"
  }
  # Its own, so that no node is given its address.
  controller_subnet  = cidrsubnet(local.cidrs.london, 4, 15)
  controller_address = cidrhost(local.controller_subnet, 10)
  controller         = "${local.controller_address}:7400"
  # The parameter that the controller puts its token into. It is none of Terraform's, whose state would have the token.
  token = "/${var.name}/enrolment-token"
  tags  = merge({ Project = var.name }, var.tags)

  user_data = {
    package    = var.agent_package.url
    sha256     = var.agent_package.sha256
    controller = local.controller
    parameter  = local.token
    region     = "eu-west-2"
  }
}

module "london" {
  source    = "./region"
  providers = { aws = aws.london }

  name             = "${var.name}-london"
  prefix           = "lon"
  cidr             = local.cidrs.london
  other_cidr       = local.cidrs.paris
  peering_id       = aws_vpc_peering_connection_accepter.paris.id
  nodes            = var.nodes_per_region
  instance_type    = var.instance_type
  instance_profile = aws_iam_instance_profile.node.name
  tcp_ports        = var.tcp_ports
  user_data        = local.user_data
  tags             = local.tags
}

module "paris" {
  source    = "./region"
  providers = { aws = aws.paris }

  name             = "${var.name}-paris"
  prefix           = "par"
  cidr             = local.cidrs.paris
  other_cidr       = local.cidrs.london
  peering_id       = aws_vpc_peering_connection_accepter.paris.id
  nodes            = var.nodes_per_region
  instance_type    = var.instance_type
  instance_profile = aws_iam_instance_profile.node.name
  tcp_ports        = var.tcp_ports
  user_data        = local.user_data
  tags             = local.tags
}

resource "aws_vpc_peering_connection" "london" {
  provider    = aws.london
  vpc_id      = module.london.vpc_id
  peer_vpc_id = module.paris.vpc_id
  peer_region = "eu-west-3"
  tags        = merge(local.tags, { Name = var.name })
}

resource "aws_vpc_peering_connection_accepter" "paris" {
  provider                  = aws.paris
  vpc_peering_connection_id = aws_vpc_peering_connection.london.id
  auto_accept               = true
  tags                      = merge(local.tags, { Name = var.name })
}
