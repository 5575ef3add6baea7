/** DescribeVpcs. */
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { vpcBlocks, type Vpc } from '../../../domain/network.ts'
import { operation } from '../../operation.ts'
import { vpcShape } from '../present/vpc.ts'
import { tagsOf } from '../tags.ts'

export default operation<'ec2', 'DescribeVpcs', Vpc>({
  filters: {
    cidr: (vpc) => vpc.cidrBlock,
    'cidr-block-association.association-id': (vpc) => vpcBlocks(vpc).map((b) => b.associationId),
    'cidr-block-association.cidr-block': (vpc) => vpcBlocks(vpc).map((b) => b.cidrBlock),
    'cidr-block-association.state': () => 'associated',
    'dhcp-options-id': (vpc) => vpc.dhcpOptionsId,
    'is-default': (vpc) => vpc.isDefault,
    // Not documented, accepted by EC2, and sent by amazon.aws of Ansible and by Terraform.
    'cidr-block': (vpc) => vpc.cidrBlock,
    isDefault: (vpc) => vpc.isDefault,
    'ipv6-cidr-block-association.association-id': (vpc) =>
      (vpc.ipv6Blocks ?? []).map((each) => each.associationId),
    'ipv6-cidr-block-association.ipv6-cidr-block': (vpc) =>
      (vpc.ipv6Blocks ?? []).map((each) => each.cidrBlock),
    'ipv6-cidr-block-association.ipv6-pool': (vpc) => (vpc.ipv6Blocks ?? []).map(() => 'Amazon'),
    'ipv6-cidr-block-association.state': (vpc) => (vpc.ipv6Blocks ?? []).map(() => 'associated'),
    'owner-id': (vpc) => vpc.account,
    state: () => 'available',
    'vpc-id': (vpc) => vpc.id,
  },
  tagsOf,
  handle: async (ctx, input, call) => {
    const ids = (input.VpcIds ?? []).map((id) => parseId('vpc', id))
    const found = call.filter(await ownList(ctx, 'vpc', ids))
    const page = call.page(found, { key: (vpc) => vpc.id })
    return { Vpcs: page.items.map(vpcShape), NextToken: page.nextToken }
  },
})
