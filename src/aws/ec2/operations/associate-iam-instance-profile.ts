/** AssociateIamInstanceProfile: on an instance that has none. */
import { profileAssociate } from '../../../app/iam/instance-profiles.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentAssociation } from '../present/profile-association.ts'

export default operation<'ec2', 'AssociateIamInstanceProfile'>({
  handle: async (ctx, input) => {
    const id = parseId('instance', input.InstanceId!)
    const association = await profileAssociate(ctx, id, input.IamInstanceProfile!)
    return { IamInstanceProfileAssociation: presentAssociation(association, 'associating') }
  },
})
