/** DescribeNetworkInsightsPaths. */
import type { NetworkInsightsPath } from '@aws-sdk/client-ec2'
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { insightsPathShape } from '../present/insights.ts'
import { tagsOfAnswer } from '../tags.ts'

const NONE = (): [] => []

export default operation<'ec2', 'DescribeNetworkInsightsPaths', NetworkInsightsPath>({
  filters: {
    destination: (path) => path.Destination,
    'filter-at-source.destination-address': (path) => path.FilterAtSource?.DestinationAddress,
    'filter-at-source.destination-port-range': ({ FilterAtSource: filter }) => {
      const { FromPort: from, ToPort: to } = filter?.DestinationPortRange ?? {}
      return from === undefined ? undefined : [`${from}-${to}`, ...(from === to ? [from] : [])]
    },
    'filter-at-source.source-address': (path) => path.FilterAtSource?.SourceAddress,
    'filter-at-source.source-port-range': NONE,
    // Paths are analysed from their source: none has these.
    'filter-at-destination.destination-address': NONE,
    'filter-at-destination.destination-port-range': NONE,
    'filter-at-destination.source-address': NONE,
    'filter-at-destination.source-port-range': NONE,
    protocol: (path) => path.Protocol,
    source: (path) => path.Source,
  },
  tagsOf: (path) => tagsOfAnswer(path.Tags),
  handle: async (ctx, input, call) => {
    const ids = (input.NetworkInsightsPathIds ?? []).map((id) => parseId('insightsPath', id))
    const shown = (await ownList(ctx, 'insightsPath', ids)).map(insightsPathShape)
    const page = call.page(call.filter(shown), { key: (path) => path.NetworkInsightsPathId! })
    return { NetworkInsightsPaths: page.items, NextToken: page.nextToken }
  },
})
