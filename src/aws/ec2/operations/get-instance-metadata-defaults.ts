/** GetInstanceMetadataDefaults: what the account prefers in this region. */
import { metadataDefaults } from '../../../app/metadata-defaults.ts'
import { operation } from '../../operation.ts'

const switched = (value: boolean) => (value ? 'enabled' : 'disabled')

export default operation<'ec2', 'GetInstanceMetadataDefaults'>({
  handle: async (ctx) => {
    const { isEnabled, areTokensRequired, areTokensEnforced, hopLimit, areTagsEnabled } =
      await metadataDefaults(ctx)
    return {
      AccountLevel: {
        ...(areTokensRequired !== undefined && {
          HttpTokens: areTokensRequired ? 'required' : 'optional',
        }),
        ...(hopLimit !== undefined && { HttpPutResponseHopLimit: hopLimit }),
        ...(isEnabled !== undefined && { HttpEndpoint: switched(isEnabled) }),
        ...(areTagsEnabled !== undefined && { InstanceMetadataTags: switched(areTagsEnabled) }),
        ...(areTokensEnforced !== undefined && { HttpTokensEnforced: switched(areTokensEnforced) }),
        ManagedBy: 'account',
      },
    }
  },
})
