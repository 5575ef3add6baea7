/** The services that a VPC can have an endpoint of: those of AWS's that are served here. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { CreateVpcEndpointRequest } from '@aws-sdk/client-ec2'
import { notFound } from '../../domain/faults.ts'
import type { ServiceName } from '../model.ts'

/** Their names in AWS's names for endpoints. IAM and Organizations have none outside of their home region. */
const ENDPOINT_NAMES: Partial<Record<ServiceName, string>> = {
  ec2: 'ec2',
  sts: 'sts',
  ssm: 'ssm',
  kms: 'kms',
  ebs: 'ebs',
  backup: 'backup',
  'backup-gateway': 'backup-gateway',
  cloudwatch: 'monitoring',
  'compute-optimizer': 'compute-optimizer',
  rbin: 'rbin',
  autoscaling: 'autoscaling',
  elbv2: 'elasticloadbalancing',
}

export interface EndpointService {
  serviceName: string
  privateDnsName: string
}

export function endpointServices(region: string): EndpointService[] {
  return (Object.entries(ENDPOINT_NAMES) as [ServiceName, string][])
    .filter(([service]) => existsSync(join(import.meta.dirname, '..', service, 'operations')))
    .map(([, name]) => ({
      serviceName: `com.amazonaws.${region}.${name}`,
      privateDnsName: `${name}.${region}.amazonaws.com`,
    }))
}

/** `com.amazonaws.us-east-1.ec2`; undefined: the service has no endpoints. */
export function endpointNameOf(service: ServiceName, region: string): string | undefined {
  const name = ENDPOINT_NAMES[service]
  return name && `com.amazonaws.${region}.${name}`
}

/** @throws Fault `NotFound`: nothing here would answer. */
export function endpointServiceNamed(region: string, serviceName: string): EndpointService {
  const found = endpointServices(region).find((each) => each.serviceName === serviceName)
  if (!found) throw notFound('vpcEndpointService', serviceName)
  return found
}

/** What endpoints here have none of, for `refuseFeatures`: their addresses and names are of IPv4. */
export function endpointFeatures(
  input: Readonly<
    Pick<CreateVpcEndpointRequest, 'IpAddressType' | 'DnsOptions' | 'SubnetConfigurations'>
  >,
): Readonly<Record<string, unknown>> {
  const { IpAddressType: type, DnsOptions: dns } = input
  return {
    'IPv6 addresses':
      (type !== undefined && type !== 'ipv4') ||
      input.SubnetConfigurations?.some(({ Ipv6 }) => Ipv6 !== undefined),
    [`DnsRecordIpType ${dns?.DnsRecordIpType}`]:
      dns?.DnsRecordIpType !== undefined && dns.DnsRecordIpType !== 'ipv4',
    'a private name for inbound resolvers only': dns?.PrivateDnsOnlyForInboundResolverEndpoint,
    'a choice of private names': dns?.PrivateDnsPreference ?? dns?.PrivateDnsSpecifiedDomains,
  }
}
