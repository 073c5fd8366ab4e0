resource "aws_subnet" "controller" {
  provider                = aws.london
  vpc_id                  = module.london.vpc_id
  cidr_block              = local.controller_subnet
  map_public_ip_on_launch = true
  tags                    = merge(local.tags, { Name = "${var.name}-controller" })
}

resource "aws_route_table_association" "controller" {
  provider       = aws.london
  subnet_id      = aws_subnet.controller.id
  route_table_id = module.london.route_table_id
}

resource "aws_security_group" "controller" {
  provider    = aws.london
  name        = "${var.name}-controller"
  description = "Faultline controller: agents dial in"
  vpc_id      = module.london.vpc_id
  tags        = local.tags

  ingress {
    description = "Agents and people, by mutual TLS"
    from_port   = 7400
    to_port     = 7400
    protocol    = "tcp"
    cidr_blocks = values(local.cidrs)
  }

  egress {
    description = "Packages, SSM"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "controller" {
  provider               = aws.london
  ami                    = module.london.ami
  instance_type          = var.instance_type
  subnet_id              = aws_subnet.controller.id
  private_ip             = local.controller_address
  vpc_security_group_ids = [aws_security_group.controller.id]
  iam_instance_profile   = aws_iam_instance_profile.controller.name
  tags                   = merge(local.tags, { Name = "${var.name}-controller" })

  user_data = templatefile("${path.module}/../cloud-init/controller.yaml", {
    package    = var.controller_package.url
    sha256     = var.controller_package.sha256
    controller = local.controller
    parameter  = local.token
    region     = "eu-west-2"
    uses       = 2 * var.nodes_per_region
  })
  user_data_replace_on_change = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "enabled"
  }

  root_block_device {
    encrypted = true
  }

  # What its user data needs: the way out, and leave to write the parameter.
  depends_on = [aws_route_table_association.controller, aws_iam_role_policy.controller]
}
