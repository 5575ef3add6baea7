/** Amazon Resource Names of EC2's resources: `arn:aws:ec2:<region>:<account>:<type>/<id>`. */

/** China and GovCloud are partitions of their own. */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

export function ec2Arn(
  resource: { id: string; account: string; region: string },
  type: string,
): string {
  const { region, account, id } = resource
  return `arn:${partitionOf(region)}:ec2:${region}:${account}:${type}/${id}`
}
