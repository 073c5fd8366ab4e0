data "aws_caller_identity" "here" {
  provider = aws.london
}

# What an instance may: a node read the token, the controller write it, both read the packages and be reached by SSM.
data "aws_iam_policy_document" "instances" {
  provider = aws.london

  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "node" {
  provider = aws.london

  statement {
    actions   = ["ssm:GetParameter"]
    resources = ["arn:aws:ssm:eu-west-2:${data.aws_caller_identity.here.account_id}:parameter${local.token}"]
  }

  dynamic "statement" {
    for_each = var.package_bucket == "" ? [] : [var.package_bucket]
    content {
      actions   = ["s3:GetObject"]
      resources = ["arn:aws:s3:::${statement.value}/*"]
    }
  }
}

data "aws_iam_policy_document" "controller" {
  provider = aws.london

  statement {
    actions   = ["ssm:PutParameter"]
    resources = ["arn:aws:ssm:eu-west-2:${data.aws_caller_identity.here.account_id}:parameter${local.token}"]
  }

  dynamic "statement" {
    for_each = var.package_bucket == "" ? [] : [var.package_bucket]
    content {
      actions   = ["s3:GetObject"]
      resources = ["arn:aws:s3:::${statement.value}/*"]
    }
  }
}

resource "aws_iam_role" "node" {
  provider           = aws.london
  name               = "${var.name}-node"
  assume_role_policy = data.aws_iam_policy_document.instances.json
  tags               = local.tags
}

resource "aws_iam_role" "controller" {
  provider           = aws.london
  name               = "${var.name}-controller"
  assume_role_policy = data.aws_iam_policy_document.instances.json
  tags               = local.tags
}

resource "aws_iam_role_policy" "node" {
  provider = aws.london
  name     = "faultline"
  role     = aws_iam_role.node.id
  policy   = data.aws_iam_policy_document.node.json
}

resource "aws_iam_role_policy" "controller" {
  provider = aws.london
  name     = "faultline"
  role     = aws_iam_role.controller.id
  policy   = data.aws_iam_policy_document.controller.json
}

resource "aws_iam_role_policy_attachment" "ssm" {
  provider   = aws.london
  for_each   = { node = aws_iam_role.node.name, controller = aws_iam_role.controller.name }
  role       = each.value
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "node" {
  provider = aws.london
  name     = "${var.name}-node"
  role     = aws_iam_role.node.name
}

resource "aws_iam_instance_profile" "controller" {
  provider = aws.london
  name     = "${var.name}-controller"
  role     = aws_iam_role.controller.name
}
