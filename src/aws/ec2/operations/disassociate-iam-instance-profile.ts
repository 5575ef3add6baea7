/** DisassociateIamInstanceProfile. Credentials that the instance has already stay good until they end, as on AWS. */
import { profileDisassociate } from '../../../app/iam/instance-profiles.ts'
import { operation } from '../../operation.ts'
import { presentAssociation } from '../present/profile-association.ts'

export default operation<'ec2', 'DisassociateIamInstanceProfile'>({
  handle: async (ctx, input) => {
    const association = await profileDisassociate(ctx, input.AssociationId!)
    return { IamInstanceProfileAssociation: presentAssociation(association) }
  },
})
