/** What requests to Elastic Load Balancing say, in our terms; what is not served is refused by its name. */
import type {
  Action,
  Certificate,
  RuleCondition as AwsCondition,
  SubnetMapping as AwsMapping,
  TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { elbArnOf } from '../../app/balancers/find.ts'
import { elbInvalid } from '../../app/balancers/faults.ts'
import type { SubnetMapping } from '../../app/balancers/balancers.ts'
import type { TargetName } from '../../app/balancers/targets.ts'
import type { ListenerAction, RuleCondition } from '../../domain/balancers/records.ts'
import { FaultError } from '../../domain/faults.ts'
import { parseId, type SubnetId } from '../../domain/ids.ts'

export function refuse(feature: string, hint?: string): FaultError {
  return new FaultError({ type: 'Unsupported', feature, ...(hint !== undefined && { hint }) })
}

/** The one action of a listener or rule. */
export function actionOf(actions: readonly Action[] | undefined): ListenerAction {
  const [action, ...others] = actions ?? []
  if (!action) throw elbInvalid('An action must be specified')
  for (const { Type } of [action, ...others]) {
    if (Type !== 'forward' && Type !== 'redirect' && Type !== 'fixed-response') {
      throw refuse(`actions of type ${Type}`)
    }
  }
  if (others.length > 0) throw elbInvalid('Only one action can be specified')
  if (action.Type === 'redirect') return redirectOf(action)
  if (action.Type === 'fixed-response') {
    const config = action.FixedResponseConfig
    if (!config) throw elbInvalid('FixedResponseConfig must be specified')
    const { StatusCode, ContentType, MessageBody } = config
    return {
      type: 'fixed-response',
      status: Number(StatusCode),
      contentType: ContentType ?? null,
      body: MessageBody ?? null,
    }
  }
  return forwardOf(action)
}

function redirectOf({ RedirectConfig: config }: Action): ListenerAction {
  if (!config) throw elbInvalid('RedirectConfig must be specified')
  return {
    type: 'redirect',
    protocol: config.Protocol ?? '#{protocol}',
    host: config.Host ?? '#{host}',
    port: config.Port ?? '#{port}',
    path: config.Path ?? '/#{path}',
    query: config.Query ?? '#{query}',
    status: config.StatusCode === 'HTTP_301' ? 301 : 302,
  }
}

function forwardOf({ ForwardConfig: config, TargetGroupArn: arn }: Action): ListenerAction {
  const listed = config?.TargetGroups ?? []
  const named = listed.map(({ TargetGroupArn = '', Weight = 1 }) => {
    return { groupId: elbArnOf('targetGroup', TargetGroupArn).id, weight: Weight }
  })
  if (arn !== undefined) {
    const { id } = elbArnOf('targetGroup', arn)
    if (named.length === 0) named.push({ groupId: id, weight: 1 })
    else if (named.length > 1 || named[0]!.groupId !== id) {
      throw elbInvalid('TargetGroupArn and ForwardConfig must name the same target group')
    }
  }
  if (named.length === 0) throw elbInvalid('A target group ARN must be specified')
  const { Enabled = false, DurationSeconds } = config?.TargetGroupStickinessConfig ?? {}
  if (Enabled && DurationSeconds === undefined) {
    throw elbInvalid('The duration of stickiness must be specified')
  }
  return {
    type: 'forward',
    groups: named,
    stickySeconds: Enabled ? DurationSeconds! : null,
    restingSeconds: Enabled ? null : (DurationSeconds ?? null),
  }
}

export function conditionsOf(conditions: readonly AwsCondition[] = []): RuleCondition[] {
  return conditions.map(conditionOf)
}

function conditionOf(condition: AwsCondition): RuleCondition {
  const { Field: field } = condition
  const config =
    condition.HostHeaderConfig ?? condition.PathPatternConfig ?? condition.HttpHeaderConfig
  if (condition.RegexValues || config?.RegexValues)
    throw refuse('regular expressions in conditions')
  switch (field) {
    case 'host-header':
      return { field, values: condition.HostHeaderConfig?.Values ?? condition.Values ?? [] }
    case 'path-pattern':
      return { field, values: condition.PathPatternConfig?.Values ?? condition.Values ?? [] }
    case 'http-request-method':
      return { field, values: condition.HttpRequestMethodConfig?.Values ?? [] }
    case 'source-ip':
      return { field, values: condition.SourceIpConfig?.Values ?? [] }
    case 'http-header': {
      const { HttpHeaderName: name = '', Values: values = [] } = condition.HttpHeaderConfig ?? {}
      return { field, name, values }
    }
    case 'query-string': {
      const pairs = condition.QueryStringConfig?.Values ?? []
      const values = pairs.map(({ Key = null, Value = '' }) => ({ key: Key, value: Value }))
      return { field, values }
    }
    default:
      throw elbInvalid(
        `Condition field '${field}' must be one of host-header, path-pattern, http-header, http-request-method, query-string, source-ip`,
      )
  }
}

export function certificatesOf(certificates: readonly Certificate[] | undefined): string[] {
  return (certificates ?? []).map(({ CertificateArn = '' }) => CertificateArn)
}

export function targetsOf(targets: readonly TargetDescription[] | undefined): TargetName[] {
  return (targets ?? []).map(({ Id = '', Port = null, AvailabilityZone = null }) => {
    return { id: Id, port: Port, zone: AvailabilityZone }
  })
}

/** Subnets by either parameter. */
export function subnetsOf(
  type: string,
  {
    Subnets = [],
    SubnetMappings = [],
  }: { Subnets?: string[] | undefined; SubnetMappings?: AwsMapping[] | undefined },
): SubnetMapping[] {
  if (Subnets.length > 0 && SubnetMappings.length > 0) {
    throw elbInvalid('You must specify either subnets or subnet mappings')
  }
  const isStatic = SubnetMappings.some((one) => one.AllocationId ?? one.PrivateIPv4Address)
  if (isStatic && type === 'application') {
    throw elbInvalid('Addresses can be specified for network load balancers only')
  }
  const id = (text: string): SubnetId => {
    try {
      return parseId('subnet', text)
    } catch {
      throw elbInvalid(`The subnet ID '${text}' is not valid`)
    }
  }
  return [
    ...Subnets.map((one) => ({ subnetId: id(one), allocationId: null, privateAddress: null })),
    ...SubnetMappings.map((one) => {
      if (one.IPv6Address ?? one.SourceNatIpv6Prefix) throw refuse('IPv6 of load balancers')
      return {
        subnetId: id(one.SubnetId ?? ''),
        allocationId: one.AllocationId ?? null,
        privateAddress: one.PrivateIPv4Address ?? null,
      }
    }),
  ]
}
