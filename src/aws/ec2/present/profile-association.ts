/** Associations of instance profiles in EC2's words. */
import type { IamInstanceProfileAssociation } from '@aws-sdk/client-ec2'
import type { ProfileAssociation } from '../../../domain/iam/entities.ts'

export function presentAssociation(
  association: ProfileAssociation,
  state: 'associating' | 'associated' | 'disassociating' = association.state,
): IamInstanceProfileAssociation {
  return {
    AssociationId: association.id,
    InstanceId: association.instanceId,
    IamInstanceProfile: { Arn: association.profileArn, Id: association.profileId },
    State: state,
    Timestamp: state === 'associated' ? undefined : new Date(association.createdAt),
  }
}
