/**
 * Doing it: the security group first where a new one is wanted, then the instances, or a template of them. What fails
 * half-way is undone.
 */
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2'
import { ec2 } from '../../aws/clients.ts'
import { permissionOf } from '../../util/rules.ts'
import { runInput, templateData, type Draft } from './draft.ts'

/** The ids of what was launched. @throws with AWS's words; nothing of the launch is left then. */
export function launch(draft: Draft): Promise<string[]> {
  return withGroups(draft, async (ids) => {
    const answer = await ec2().send(new RunInstancesCommand(runInput(draft, ids)))
    return answer.Instances?.map((one) => one.InstanceId ?? '') ?? []
  })
}

/** @throws as `launch` does. */
export function templateSave(draft: Draft, LaunchTemplateName: string): Promise<void> {
  return withGroups(draft, async (ids) => {
    const LaunchTemplateData = templateData(draft, ids)
    await ec2().send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }))
  })
}

async function withGroups<T>(
  draft: Draft,
  work: (ids: readonly string[]) => Promise<T>,
): Promise<T> {
  const { groups } = draft
  if (groups.mode === 'existing') return work(groups.ids)
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
    return await work([GroupId])
  } catch (error) {
    await ec2()
      .send(new DeleteSecurityGroupCommand({ GroupId }))
      .catch(() => {})
    throw error
  }
}
