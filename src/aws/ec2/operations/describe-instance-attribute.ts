/** DescribeInstanceAttribute: one attribute a request. What a machine of ours cannot have is empty, as on EC2. */
import type { InstanceAttribute } from '@aws-sdk/client-ec2'
import { instanceViews, type InstanceView } from '../../../app/instances/list.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentInstance } from '../present/instance.ts'

export default operation<'ec2', 'DescribeInstanceAttribute'>({
  handle: async (ctx, input) => {
    const id = parseId('instance', input.InstanceId ?? '')
    const [view] = await instanceViews(ctx, [id])
    return { InstanceId: id, ...attributeOf(view!, input.Attribute) }
  },
})

function attributeOf(view: InstanceView, name: string | undefined): InstanceAttribute {
  const { spec } = view.instance
  const shown = presentInstance(view)
  switch (name) {
    case 'instanceType':
      return { InstanceType: { Value: spec.instanceType } }
    case 'kernel':
      return { KernelId: {} }
    case 'ramdisk':
      return { RamdiskId: {} }
    case 'userData':
      return { UserData: spec.userData === null ? {} : { Value: spec.userData } }
    case 'disableApiTermination':
      return { DisableApiTermination: { Value: spec.isTerminationProtected } }
    case 'disableApiStop':
      return { DisableApiStop: { Value: spec.isStopProtected } }
    case 'instanceInitiatedShutdownBehavior':
      return { InstanceInitiatedShutdownBehavior: { Value: spec.shutdownBehavior } }
    case 'rootDeviceName':
      return { RootDeviceName: { Value: spec.rootDeviceName } }
    case 'blockDeviceMapping':
      return { BlockDeviceMappings: shown.BlockDeviceMappings ?? [] }
    case 'productCodes':
      return { ProductCodes: [] }
    case 'sourceDestCheck':
      return { SourceDestCheck: { Value: view.interfaces[0]?.isSourceDestChecked ?? true } }
    case 'groupSet':
      return { Groups: shown.SecurityGroups ?? [] }
    case 'ebsOptimized':
      return { EbsOptimized: { Value: spec.isEbsOptimized } }
    case 'sriovNetSupport':
      return { SriovNetSupport: {} }
    case 'enaSupport':
      return { EnaSupport: { Value: true } }
    case 'enclaveOptions':
      return { EnclaveOptions: { Enabled: false } }
    default:
      throw new FaultError({ type: 'MissingParameter', parameter: 'attribute' })
  }
}
