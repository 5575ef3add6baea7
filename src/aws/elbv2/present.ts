/** Load balancers and what belongs to them, as the API shows them. */
import type {
  Action,
  ListenerAttribute,
  LoadBalancer as AwsBalancer,
  Rule,
  RuleCondition as AwsCondition,
  TargetGroup as AwsGroup,
  TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type { TargetHealth } from '../../app/balancers/health.ts'
import { listenerArnOf, type ListenerView } from '../../app/balancers/listeners.ts'
import { ruleArnOf, type RuleView } from '../../app/balancers/rules.ts'
import type { Ctx } from '../../app/context.ts'
import { balancerArn, balancerDnsName, groupArn } from '../../domain/balancers/arn.ts'
import {
  isHttp,
  type ListenerAction,
  type LoadBalancer,
  type RuleCondition,
  type TargetGroup,
} from '../../domain/balancers/records.ts'
import { publicBindings } from '../../domain/network.ts'

/** Of Route 53, which is not here; one a type, as on AWS in us-east-1. */
const HOSTED_ZONES = { application: 'Z35SXDOTRQ7X7K', network: 'Z26RNL4JYFTOTI' }

export async function presentBalancer(ctx: Ctx, one: LoadBalancer): Promise<AwsBalancer> {
  const ids = one.zones.map(({ interfaceId }) => interfaceId)
  const interfaces = await ctx.app.store.list('networkInterface', { ids })
  return {
    LoadBalancerArn: balancerArn(one),
    DNSName: balancerDnsName(one),
    CanonicalHostedZoneId: HOSTED_ZONES[one.type],
    CreatedTime: new Date(one.createdAt),
    LoadBalancerName: one.name,
    Scheme: one.scheme,
    VpcId: one.vpcId,
    State: { Code: one.activeAt === null ? 'provisioning' : 'active' },
    Type: one.type,
    AvailabilityZones: one.zones.map(({ zone, subnetId, interfaceId, allocationId }) => {
      const own = interfaces.find(({ id }) => id === interfaceId)
      const binding = own && publicBindings(own)[0]
      const isStatic = allocationId !== null && binding !== undefined
      const addresses = isStatic
        ? [{ IpAddress: binding.publicAddress, AllocationId: allocationId }]
        : []
      return { ZoneName: zone, SubnetId: subnetId, LoadBalancerAddresses: addresses }
    }),
    ...(one.groupIds.length > 0 && { SecurityGroups: [...one.groupIds] }),
    IpAddressType: 'ipv4',
  }
}

/** `ofGroup`: the ARN of a target group by its id. */
export async function groupArns(ctx: Ctx, actions: readonly ListenerAction[]) {
  const ids = actions.flatMap((action) =>
    action.type === 'forward' ? action.groups.map(({ groupId }) => groupId) : [],
  )
  const groups =
    ids.length > 0 ? await ctx.app.store.list('targetGroup', { ids: [...new Set(ids)] }) : []
  return new Map(groups.map((group) => [group.id, groupArn(group)]))
}

function presentAction(action: ListenerAction, arns: ReadonlyMap<string, string>): Action {
  if (action.type === 'redirect') {
    return {
      Type: 'redirect',
      RedirectConfig: {
        Protocol: action.protocol,
        Port: action.port,
        Host: action.host,
        Path: action.path,
        Query: action.query,
        StatusCode: `HTTP_${action.status}`,
      },
    }
  }
  if (action.type === 'fixed-response') {
    return {
      Type: 'fixed-response',
      FixedResponseConfig: {
        StatusCode: String(action.status),
        ...(action.contentType !== null && { ContentType: action.contentType }),
        ...(action.body !== null && { MessageBody: action.body }),
      },
    }
  }
  const { groups, stickySeconds, restingSeconds } = action
  const seconds = stickySeconds ?? restingSeconds
  const arnOf = (id: string): string => arns.get(id) ?? id
  return {
    Type: 'forward',
    ...(groups.length === 1 && { TargetGroupArn: arnOf(groups[0]!.groupId) }),
    ForwardConfig: {
      TargetGroups: groups.map(({ groupId, weight }) => {
        return { TargetGroupArn: arnOf(groupId), Weight: weight }
      }),
      TargetGroupStickinessConfig: {
        Enabled: stickySeconds !== null,
        ...(seconds !== null && { DurationSeconds: seconds }),
      },
    },
  }
}

export async function presentListeners(ctx: Ctx, views: readonly ListenerView[]) {
  const arns = await groupArns(
    ctx,
    views.map(({ listener }) => listener.action),
  )
  return views.map((view) => {
    const { listener, balancer } = view
    const [first] = listener.certificates
    return {
      ListenerArn: listenerArnOf(view),
      LoadBalancerArn: balancerArn(balancer),
      Port: listener.port,
      Protocol: listener.protocol,
      ...(first !== undefined && { Certificates: [{ CertificateArn: first }] }),
      ...(listener.tlsPolicy !== null && { SslPolicy: listener.tlsPolicy }),
      DefaultActions: [presentAction(listener.action, arns)],
      ...(listener.alpn !== null && { AlpnPolicy: [listener.alpn] }),
      ...(listener.protocol === 'HTTPS' && { MutualAuthentication: { Mode: 'off' } }),
    }
  })
}

export async function presentRules(ctx: Ctx, views: readonly RuleView[]): Promise<Rule[]> {
  const arns = await groupArns(
    ctx,
    views.map(({ action }) => action),
  )
  return views.map((view) => ({
    RuleArn: ruleArnOf(view),
    Priority: view.priority === null ? 'default' : String(view.priority),
    Conditions: view.conditions.map(presentCondition),
    Actions: [presentAction(view.action, arns)],
    IsDefault: view.priority === null,
  }))
}

function presentCondition(condition: RuleCondition): AwsCondition {
  const { field } = condition
  switch (condition.field) {
    case 'host-header': {
      const Values = [...condition.values]
      return { Field: field, Values, HostHeaderConfig: { Values } }
    }
    case 'path-pattern': {
      const Values = [...condition.values]
      return { Field: field, Values, PathPatternConfig: { Values } }
    }
    case 'http-request-method':
      return { Field: field, HttpRequestMethodConfig: { Values: [...condition.values] } }
    case 'source-ip':
      return { Field: field, SourceIpConfig: { Values: [...condition.values] } }
    case 'http-header': {
      const { name: HttpHeaderName, values } = condition
      return { Field: field, HttpHeaderConfig: { HttpHeaderName, Values: [...values] } }
    }
    case 'query-string': {
      const Values = condition.values.map(({ key, value: Value }) => {
        return key === null ? { Value } : { Key: key, Value }
      })
      return { Field: field, QueryStringConfig: { Values } }
    }
  }
}

export async function presentGroups(ctx: Ctx, groups: readonly TargetGroup[]): Promise<AwsGroup[]> {
  const ids = [...new Set(groups.flatMap(({ balancerId }) => balancerId ?? []))]
  const balancers = ids.length > 0 ? await ctx.app.store.list('loadBalancer', { ids }) : []
  return groups.map((group) => {
    const { check } = group
    const balancer = balancers.find(({ id }) => id === group.balancerId)
    return {
      TargetGroupArn: groupArn(group),
      TargetGroupName: group.name,
      Protocol: group.protocol,
      ...(isHttp(group.protocol) && { ProtocolVersion: group.protocolVersion ?? 'HTTP1' }),
      Port: group.port,
      VpcId: group.vpcId,
      TargetType: group.targetType,
      IpAddressType: 'ipv4' as const,
      HealthCheckEnabled: check.isEnabled,
      HealthCheckProtocol: check.protocol,
      HealthCheckPort: check.port === null ? 'traffic-port' : String(check.port),
      HealthCheckIntervalSeconds: check.intervalSeconds,
      HealthCheckTimeoutSeconds: check.timeoutSeconds,
      HealthyThresholdCount: check.healthyCount,
      UnhealthyThresholdCount: check.unhealthyCount,
      ...(check.path !== null && { HealthCheckPath: check.path }),
      ...(check.matcher !== null && { Matcher: { HttpCode: check.matcher } }),
      LoadBalancerArns: balancer ? [balancerArn(balancer)] : [],
    }
  })
}

export function presentHealth(group: TargetGroup, health: TargetHealth): TargetHealthDescription {
  const { target, state, reason, description } = health
  return {
    Target: {
      Id: target.id,
      Port: target.port,
      ...(target.zone !== null && { AvailabilityZone: target.zone }),
    },
    HealthCheckPort: String(group.check.port ?? target.port),
    TargetHealth: {
      State: state,
      ...(reason !== null && { Reason: reason as never }),
      ...(description !== null && { Description: description }),
    },
  }
}

export function presentAttributes(pairs: readonly [string, string][]): ListenerAttribute[] {
  return pairs.map(([Key, Value]) => ({ Key, Value }))
}
