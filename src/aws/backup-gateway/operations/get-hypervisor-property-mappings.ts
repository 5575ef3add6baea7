/** GetHypervisorPropertyMappings. */
import { find } from '../../../app/gateway/find.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'GetHypervisorPropertyMappings'>({
  handle: async (ctx, input) => {
    const { mappings, roleArn } = await find(ctx, 'hypervisor', input.HypervisorArn!)
    return {
      HypervisorArn: input.HypervisorArn,
      VmwareToAwsTagMappings: mappings.map(({ category, name, key, value }) => ({
        VmwareCategory: category,
        VmwareTagName: name,
        AwsTagKey: key,
        AwsTagValue: value,
      })),
      IamRoleArn: roleArn ?? undefined,
    }
  },
})
