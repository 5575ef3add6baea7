/** CreateNetworkInsightsPath. */
import type { CreateNetworkInsightsPathRequest } from '@aws-sdk/client-ec2'
import { pathCreate, type PathRequest } from '../../../app/network/insights.ts'
import { invalidValue } from '../../../domain/faults.ts'
import type { InsightsPath } from '../../../domain/network-insights.ts'
import { operation } from '../../operation.ts'
import { refuseFeatures } from '../absent-features.ts'
import { insightsPathShape } from '../present/insights.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default operation<'ec2', 'CreateNetworkInsightsPath'>({
  check: (_ctx, input) => void requestOf(input),
  handle: async (ctx, input) => ({
    NetworkInsightsPath: insightsPathShape(await pathCreate(ctx, requestOf(input))),
  }),
})

/** An ARN ends with the id. */
function idOf(text: string): string {
  return text.startsWith('arn:') ? text.slice(text.lastIndexOf('/') + 1) : text
}

function requestOf(input: Readonly<CreateNetworkInsightsPathRequest>): PathRequest {
  const { FilterAtSource: filter } = input
  refuseFeatures('CreateNetworkInsightsPath', {
    FilterAtDestination: input.FilterAtDestination,
    'FilterAtSource.SourcePortRange': filter?.SourcePortRange,
  })
  const range = filter?.DestinationPortRange
  if (range && range.FromPort !== range.ToPort) {
    const text = `${range.FromPort}-${range.ToPort}`
    throw invalidValue('DestinationPortRange', text, 'one port is analysed at a time')
  }
  const filtered: InsightsPath['filtered'][number][] = []
  if (filter?.SourceAddress) filtered.push('sourceIp')
  if (filter?.DestinationAddress) filtered.push('destinationIp')
  if (range) filtered.push('destinationPort')
  return {
    source: idOf(input.Source!),
    destination: input.Destination ? idOf(input.Destination) : null,
    sourceIp: input.SourceIp ?? filter?.SourceAddress ?? null,
    destinationIp: input.DestinationIp ?? filter?.DestinationAddress ?? null,
    protocol: input.Protocol!,
    destinationPort: input.DestinationPort ?? range?.FromPort ?? null,
    filtered,
    clientToken: input.ClientToken!,
    tags: tagsOfSpecifications(input.TagSpecifications, 'network-insights-path'),
  }
}
