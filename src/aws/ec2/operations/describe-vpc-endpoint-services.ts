/** DescribeVpcEndpointServices: those of AWS's that are served here. */
import type { ServiceDetail } from '@aws-sdk/client-ec2'
import { notFound } from '../../../domain/faults.ts'
import { zonesOf } from '../../../domain/zones.ts'
import { operation } from '../../operation.ts'
import { endpointServices } from '../endpoint-services.ts'

export default operation<'ec2', 'DescribeVpcEndpointServices', ServiceDetail>({
  filters: {
    owner: (each) => each.Owner,
    'service-name': (each) => each.ServiceName,
    'service-region': (each) => each.ServiceRegion,
    'service-type': () => 'Interface',
    'supported-ip-address-types': () => 'ipv4',
  },
  tagsOf: () => ({}),
  handle: (ctx, input, call) => {
    const zones = zonesOf(ctx.region, ctx.app.settings.zones)
    const all = endpointServices(ctx.region).map(({ serviceName, privateDnsName }) => ({
      ServiceName: serviceName,
      ServiceType: [{ ServiceType: 'Interface' as const }],
      ServiceRegion: ctx.region,
      AvailabilityZones: zones.map((zone) => zone.name),
      AvailabilityZoneIds: zones.map((zone) => zone.id),
      Owner: 'amazon',
      BaseEndpointDnsNames: [privateDnsName.replace(/\.amazonaws\.com$/, '.vpce.amazonaws.com')],
      PrivateDnsName: privateDnsName,
      PrivateDnsNames: [{ PrivateDnsName: privateDnsName }],
      PrivateDnsNameVerificationState: 'verified' as const,
      VpcEndpointPolicySupported: true,
      AcceptanceRequired: false,
      ManagesVpcEndpoints: false,
      SupportedIpAddressTypes: ['ipv4' as const],
      Tags: [],
    }))
    const names = input.ServiceNames ?? []
    const missing = names.find((name) => !all.some((each) => each.ServiceName === name))
    if (missing !== undefined) throw notFound('vpcEndpointService', missing)
    const found = names.length === 0 ? all : all.filter((each) => names.includes(each.ServiceName))
    const { ServiceRegions: regions = [] } = input
    const near = regions.length === 0 || regions.includes(ctx.region) ? found : []
    const page = call.page(call.filter(near), { key: (each) => each.ServiceName! })
    return {
      ServiceNames: page.items.map((each) => each.ServiceName!),
      ServiceDetails: page.items,
      NextToken: page.nextToken,
    }
  },
})
