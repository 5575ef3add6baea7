/** PutHypervisorPropertyMappings. */
import { mappingsPut } from '../../../app/gateway/hypervisors.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'PutHypervisorPropertyMappings'>({
  handle: async (ctx, input) => {
    const mappings = input.VmwareToAwsTagMappings!.map((one) => ({
      category: one.VmwareCategory!,
      name: one.VmwareTagName!,
      key: one.AwsTagKey!,
      value: one.AwsTagValue!,
    }))
    await mappingsPut(ctx, input.HypervisorArn!, { mappings, roleArn: input.IamRoleArn! })
    return { HypervisorArn: input.HypervisorArn }
  },
})
