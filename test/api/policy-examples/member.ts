/** The account of an organisation that the examples of service control policies are put on. */
import { CreateRoleCommand } from '@aws-sdk/client-iam'
import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  EnablePolicyTypeCommand,
  UpdatePolicyCommand,
} from '@aws-sdk/client-organizations'
import { TINY } from '../../support/app.ts'
import type { TestCloud } from '../../support/cloud.ts'
import { allow, deny, document, userMake, type Keys } from '../../support/iam.ts'
import { organisationMake } from '../../support/organisation.ts'

const TYPE = 'SERVICE_CONTROL_POLICY' as const

export async function memberMake(
  cloud: TestCloud,
): Promise<{ member: Member; farInstance: string }> {
  const { organizations, rootId, accountMake, assumeIn } = await organisationMake(cloud)
  const account = await accountMake()
  const role = await assumeIn(account)
  const iam = cloud.iamOf({ credentials: role })
  const user = await userMake(iam, 'far', allow('*'))
  for (const RoleName of ['name-of-role', 'another']) {
    const AssumeRolePolicyDocument = document({
      Effect: 'Allow',
      Principal: { AWS: account },
      Action: 'sts:AssumeRole',
    })
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  }
  const { Instances } = await cloud.ec2Of({ credentials: role }).runInstances({
    ImageId: TINY,
    InstanceType: 't3.nano',
    MinCount: 1,
    MaxCount: 1,
  })
  await organizations.send(new EnablePolicyTypeCommand({ RootId: rootId, PolicyType: TYPE }))
  const { Policy } = await organizations.send(
    new CreatePolicyCommand({
      Name: 'example',
      Description: 'the example that is tried',
      Type: TYPE,
      Content: document(deny('s3:*')),
    }),
  )
  const PolicyId = Policy!.PolicySummary!.Id!
  await organizations.send(new AttachPolicyCommand({ PolicyId, TargetId: account }))
  const limit = async (Content: string): Promise<void> => {
    await organizations.send(new UpdatePolicyCommand({ PolicyId, Content }))
  }
  return { member: { account, role, user, limit }, farInstance: Instances![0]!.InstanceId! }
}

export interface Member {
  account: string
  role: Keys
  user: Keys
  /** Puts a service control policy into force there. */
  limit(document: string): Promise<void>
}
