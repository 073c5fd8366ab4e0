output "controller" {
  description = "What agents and people dial."
  value       = local.controller
}

output "controller_instance" {
  description = "For `aws ssm start-session --region eu-west-2 --target`: there, as root, `faultline nodes`."
  value       = aws_instance.controller.id
}

output "nodes" {
  description = "Name, instance and address of every node."
  value       = merge(module.london.nodes, module.paris.nodes)
}
