/** Doing it: the security group first where a new one is wanted, then the instances. What fails half-way is undone. */
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2'
import { ec2 } from '../../aws/clients.ts'
import { permissionOf } from '../../util/rules.ts'
import { runInput, type Draft } from './draft.ts'

/** The ids of what was launched. @throws with AWS's words; nothing of the launch is left then. */
export async function launch(draft: Draft): Promise<string[]> {
  const { groups } = draft
  if (groups.mode === 'existing') return run(draft, groups.ids)
  const { GroupId = '' } = await ec2().send(
    new CreateSecurityGroupCommand({
      GroupName: groups.name.trim(),
      Description: groups.description,
      VpcId: draft.vpcId,
    }),
  )
  try {
    if (groups.rules.length > 0) {
      const IpPermissions = groups.rules.map(permissionOf)
      await ec2().send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }))
    }
    return await run(draft, [GroupId])
  } catch (error) {
    await ec2()
      .send(new DeleteSecurityGroupCommand({ GroupId }))
      .catch(() => {})
    throw error
  }
}

async function run(draft: Draft, groupIds: readonly string[]): Promise<string[]> {
  const answer = await ec2().send(new RunInstancesCommand(runInput(draft, groupIds)))
  return answer.Instances?.map((one) => one.InstanceId ?? '') ?? []
}
