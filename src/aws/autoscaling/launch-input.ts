/** CreateLaunchConfiguration's parameters as RunInstances has them, and as they are shown again. */
import type { CreateLaunchConfigurationType } from '@aws-sdk/client-auto-scaling'
import { invalid } from '../../app/autoscaling/faults.ts'
import type { Ctx } from '../../app/context.ts'
import { instancesGet } from '../../app/instances/lifecycle.ts'
import type { LaunchConfiguration } from '../../domain/autoscaling/records.ts'
import { FaultError } from '../../domain/faults.ts'
import { parseId } from '../../domain/ids.ts'
import type { LaunchTemplateData } from '../../domain/launch-template.ts'

type Input = CreateLaunchConfigurationType

export async function launchParametersOf(
  ctx: Ctx,
  input: Input,
): Promise<{ data: LaunchTemplateData; given: LaunchConfiguration['given'] }> {
  refuse(input)
  const of = input.InstanceId ? await instanceOf(ctx, input.InstanceId) : {}
  const { LaunchConfigurationName: _name, InstanceId: _instance, ...said } = input
  const given = { ...of, ...defined(said) } as Input
  const { ImageId, InstanceType } = given
  if (!ImageId)
    throw invalid(
      'Valid requests must contain either the InstanceID parameter or both the ImageId and InstanceType parameters.',
    )
  if (!InstanceType)
    throw invalid(
      'Valid requests must contain either the InstanceID parameter or both the ImageId and InstanceType parameters.',
    )
  return { data: parametersOf(given), given: { ...given } }
}

function refuse(input: Input): void {
  const unserved: [unknown, string][] = [
    [input.SpotPrice, 'Spot Instances'],
    [input.ClassicLinkVPCId, 'ClassicLink'],
    [input.KernelId || undefined, 'kernels of paravirtual machines'],
    [input.RamdiskId || undefined, 'RAM disks of paravirtual machines'],
  ]
  for (const [value, feature] of unserved) {
    if (value !== undefined) throw new FaultError({ type: 'Unsupported', feature })
  }
}

async function instanceOf(ctx: Ctx, text: string): Promise<Partial<Input>> {
  const [instance] = await instancesGet(ctx, [parseId('instance', text)])
  const { spec } = instance!
  const subject = { reference: { name: 'instance', value: instance!.id } }
  const [primary] = await ctx.app.store.list('networkInterface', subject)
  return {
    ImageId: spec.imageId,
    InstanceType: spec.instanceType,
    ...(spec.keyName !== null && { KeyName: spec.keyName }),
    ...(spec.userData !== null && { UserData: spec.userData }),
    ...(spec.iamInstanceProfileArn !== null && { IamInstanceProfile: spec.iamInstanceProfileArn }),
    ...(primary && { SecurityGroups: [...primary.groupIds] }),
    EbsOptimized: spec.isEbsOptimized,
    InstanceMonitoring: { Enabled: spec.isMonitored },
  }
}

function parametersOf(given: Input): LaunchTemplateData {
  const { SecurityGroups: groups = [], AssociatePublicIpAddress: hasPublic } = given
  const ids = groups.filter((group) => group.startsWith('sg-'))
  const names = groups.filter((group) => !group.startsWith('sg-'))
  const profile = given.IamInstanceProfile
  const networks =
    hasPublic === undefined
      ? { SecurityGroupIds: ids, SecurityGroups: names }
      : {
          NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: hasPublic, Groups: ids }],
        }
  return defined({
    ImageId: given.ImageId,
    InstanceType: given.InstanceType,
    KeyName: given.KeyName || undefined,
    UserData: given.UserData || undefined,
    ...networks,
    BlockDeviceMappings: given.BlockDeviceMappings?.map((one) =>
      defined({
        DeviceName: one.DeviceName,
        VirtualName: one.VirtualName,
        Ebs: one.Ebs,
        NoDevice: one.NoDevice ? '' : undefined,
      }),
    ),
    // Unlike a launch, a launch configuration has detailed monitoring unless it says otherwise.
    Monitoring: { Enabled: given.InstanceMonitoring?.Enabled ?? true },
    IamInstanceProfile: profile
      ? profile.startsWith('arn:')
        ? { Arn: profile }
        : { Name: profile }
      : undefined,
    EbsOptimized: given.EbsOptimized,
    Placement: given.PlacementTenancy ? { Tenancy: given.PlacementTenancy } : undefined,
    MetadataOptions: given.MetadataOptions,
  })
}

function defined(members: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
