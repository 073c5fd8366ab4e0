output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.here.id
}

output "route_table_id" {
  description = "Its routes: to the other region by the peering, to the rest by the gateway."
  value       = aws_route_table.here.id
  depends_on  = [aws_route.outside, aws_route.other_region]
}

output "ami" {
  description = "The image of its instances: Amazon Linux 2023."
  value       = data.aws_ssm_parameter.ami.insecure_value
}

output "nodes" {
  description = "By name: instance and address."
  value       = { for name, node in aws_instance.node : name => { instance = node.id, address = node.private_ip } }
}
