/** ModifyInstanceMetadataDefaults: for launches from now on. */
import type { ModifyInstanceMetadataDefaultsRequest } from '@aws-sdk/client-ec2'
import {
  metadataDefaults,
  metadataDefaultsChanged,
  metadataDefaultsModify,
  type DefaultsChange,
} from '../../../app/metadata-defaults.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ModifyInstanceMetadataDefaults'>({
  check: async (ctx, input) =>
    void metadataDefaultsChanged(await metadataDefaults(ctx), changeOf(input)),
  handle: async (ctx, input) => {
    await metadataDefaultsModify(ctx, changeOf(input))
    return { Return: true }
  },
})

function changeOf(input: Readonly<ModifyInstanceMetadataDefaultsRequest>): DefaultsChange {
  const hops = input.HttpPutResponseHopLimit
  return {
    ...choice('areTokensRequired', input.HttpTokens, 'required'),
    ...choice('isEnabled', input.HttpEndpoint, 'enabled'),
    ...choice('areTagsEnabled', input.InstanceMetadataTags, 'enabled'),
    ...choice('areTokensEnforced', input.HttpTokensEnforced, 'enabled'),
    ...(hops !== undefined && { hopLimit: hops === -1 ? null : hops }),
  }
}

function choice(name: keyof DefaultsChange, value: string | undefined, yes: string) {
  if (value === undefined) return {}
  return { [name]: value === 'no-preference' ? null : value === yes }
}
