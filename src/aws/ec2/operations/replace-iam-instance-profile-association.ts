/** ReplaceIamInstanceProfileAssociation: another profile, without a moment of none. */
import { profileReplace } from '../../../app/iam/instance-profiles.ts'
import { operation } from '../../operation.ts'
import { presentAssociation } from '../present/profile-association.ts'

export default operation<'ec2', 'ReplaceIamInstanceProfileAssociation'>({
  handle: async (ctx, input) => {
    const association = await profileReplace(ctx, input.AssociationId!, input.IamInstanceProfile!)
    return { IamInstanceProfileAssociation: presentAssociation(association, 'associating') }
  },
})
