/** The services here by the namespace of their actions, with the names that IAM's reports give them. */
export const SERVICE_NAMES: Readonly<Record<string, string>> = {
  autoscaling: 'Amazon EC2 Auto Scaling',
  backup: 'AWS Backup',
  'backup-gateway': 'AWS Backup Gateway',
  cloudtrail: 'AWS CloudTrail',
  cloudwatch: 'Amazon CloudWatch',
  'compute-optimizer': 'AWS Compute Optimizer',
  ebs: 'Amazon Elastic Block Store',
  ec2: 'Amazon EC2',
  'ec2-instance-connect': 'Amazon EC2 Instance Connect',
  elasticloadbalancing: 'Elastic Load Balancing',
  iam: 'AWS Identity and Access Management',
  kms: 'AWS Key Management Service',
  organizations: 'AWS Organizations',
  rbin: 'AWS Recycle Bin',
  ssm: 'AWS Systems Manager',
  sts: 'AWS Security Token Service',
}
