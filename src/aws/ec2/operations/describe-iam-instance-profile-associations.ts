/** DescribeIamInstanceProfileAssociations. */
import { associationsList } from '../../../app/iam/instance-profiles.ts'
import type { ProfileAssociation } from '../../../domain/iam/entities.ts'
import { operation } from '../../operation.ts'
import { presentAssociation } from '../present/profile-association.ts'

export default operation<'ec2', 'DescribeIamInstanceProfileAssociations', ProfileAssociation>({
  filters: {
    'instance-id': (one) => one.instanceId,
    state: (one) => one.state,
  },
  handle: async (ctx, input, call) => {
    const found = call.filter(await associationsList(ctx, input.AssociationIds))
    const { items, nextToken } = call.page(found, { key: (one) => one.id })
    return {
      IamInstanceProfileAssociations: items.map((one) => presentAssociation(one)),
      NextToken: nextToken,
    }
  },
})
