/** Target groups: made, changed, deleted. */
import { groupArn } from '../../domain/balancers/arn.ts'
import { isHttp, type HealthCheck, type TargetGroup } from '../../domain/balancers/records.ts'
import type { Tags } from '../../domain/resource.ts'
import type { Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { nameCheck } from './balancers.ts'
import { elbChange, elbId } from './change.ts'
import { elbFault, elbInvalid } from './faults.ts'
import { elbGet, elbNamed } from './find.ts'

/** AWS's default quota of a region. */
const GROUPS_MAX = 3_000

/** What was said of a check; absent: by default, or as it was. */
export interface CheckWish {
  isEnabled?: boolean | undefined
  protocol?: string | undefined
  port?: string | undefined
  path?: string | undefined
  intervalSeconds?: number | undefined
  timeoutSeconds?: number | undefined
  healthyCount?: number | undefined
  unhealthyCount?: number | undefined
  matcher?: string | undefined
}

export interface GroupRequest {
  name: string
  protocol: TargetGroup['protocol']
  protocolVersion: string | null
  port: number | null
  vpcId: string | null
  targetType: TargetGroup['targetType']
  check: CheckWish
  tags: Tags
}

const duplicate = (name: string): Error =>
  elbFault(
    'DuplicateTargetGroupNameException',
    `A target group with the same name '${name}' exists, but with different settings`,
  )

export async function groupCreate(ctx: Ctx, request: GroupRequest): Promise<TargetGroup> {
  const { name, protocol } = request
  nameCheck(name, 'target group')
  return await elbChange(
    ctx,
    async (tx) => {
      const all = await tx.list('targetGroup', scopeOf(ctx))
      const known = all.find((one) => one.name === name)
      // "If you attempt to create multiple target groups with the same settings, each call succeeds."
      if (known) {
        if (known.requestHash === ctx.requestHash) return known
        throw duplicate(name)
      }
      if (all.length >= GROUPS_MAX) {
        const text = 'The maximum number of target groups has been reached'
        throw elbFault('TooManyTargetGroupsException', text)
      }
      if (request.port === null) throw elbInvalid('A port must be specified')
      const vpc = request.vpcId === null ? undefined : await tx.get('vpc', request.vpcId)
      if (vpc?.account !== ctx.account || vpc.region !== ctx.region) {
        const text =
          request.vpcId === null
            ? 'A VPC must be specified'
            : `The VPC ID '${request.vpcId}' is not found`
        throw elbInvalid(text)
      }
      const version = isHttp(protocol) ? (request.protocolVersion ?? 'HTTP1') : null
      if (version !== null && version !== 'HTTP1' && version !== 'HTTP2') {
        throw elbInvalid(`Protocol version '${version}' is not served here; must be HTTP1 or HTTP2`)
      }
      return await tx.insert('targetGroup', {
        ...baseOf(ctx, request.tags),
        id: elbId(ctx.app.random),
        ...{ name, protocol, protocolVersion: version, port: request.port },
        vpcId: vpc.id,
        targetType: request.targetType,
        check: checkMake(protocol, request.check),
        attributes: {},
        targets: [],
        balancerId: null,
        requestHash: ctx.requestHash,
      })
    },
    { taken: () => duplicate(name) },
  )
}

/** AWS's defaults: of application groups, of network groups. */
function checkMake(protocol: string, wish: CheckWish): HealthCheck {
  const kind = wish.protocol ?? (isHttp(protocol) ? 'HTTP' : 'TCP')
  const isWeb = kind !== 'TCP'
  const ofHttp = isHttp(protocol)
  return checkChanged(
    protocol,
    {
      isEnabled: true,
      protocol: kind as HealthCheck['protocol'],
      port: null,
      path: isWeb ? '/' : null,
      intervalSeconds: 30,
      timeoutSeconds: ofHttp ? 5 : isWeb ? 6 : 10,
      healthyCount: 5,
      unhealthyCount: 2,
      matcher: isWeb ? (ofHttp ? '200' : '200-399') : null,
    },
    wish,
  )
}

/** @throws ValidationError for what AWS would not take. */
function checkChanged(protocol: string, before: HealthCheck, wish: CheckWish): HealthCheck {
  const kind = wish.protocol ?? before.protocol
  if (!['HTTP', 'HTTPS', 'TCP'].includes(kind) || (kind === 'TCP' && isHttp(protocol))) {
    throw elbInvalid(
      `Health check protocol '${kind}' is not supported for ${protocol} target groups`,
    )
  }
  const isWeb = kind !== 'TCP'
  if (!isWeb && (wish.path !== undefined || wish.matcher !== undefined)) {
    throw elbInvalid('Health check path and matcher are not supported for the protocol TCP')
  }
  const wasWeb = before.protocol !== 'TCP'
  const fallback = isHttp(protocol) ? '200' : '200-399'
  const check: HealthCheck = {
    isEnabled: wish.isEnabled ?? before.isEnabled,
    protocol: kind as HealthCheck['protocol'],
    port: wish.port === undefined ? before.port : portOf(wish.port),
    path: isWeb ? pathOf(wish.path ?? before.path ?? '/') : null,
    intervalSeconds: wish.intervalSeconds ?? before.intervalSeconds,
    timeoutSeconds: wish.timeoutSeconds ?? before.timeoutSeconds,
    healthyCount: wish.healthyCount ?? before.healthyCount,
    unhealthyCount: wish.unhealthyCount ?? before.unhealthyCount,
    matcher: isWeb
      ? matcherOf(wish.matcher ?? (wasWeb ? before.matcher : null) ?? fallback, protocol)
      : null,
  }
  if (!check.isEnabled)
    throw elbInvalid('Health check enabled must be true for instance and ip target groups')
  const { timeoutSeconds, intervalSeconds } = check
  if (timeoutSeconds >= intervalSeconds) {
    throw elbInvalid(
      `Health check timeout '${timeoutSeconds}' must be smaller than the interval '${intervalSeconds}'`,
    )
  }
  return check
}

function portOf(text: string): number | null {
  if (text === 'traffic-port') return null
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw elbInvalid(`Health check port '${text}' is not valid`)
  return port
}

function pathOf(path: string): string {
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw elbInvalid(`Health check path '${path}' is not valid`)
  return path
}

function matcherOf(matcher: string, protocol: string): string {
  const [from, to] = isHttp(protocol) ? [200, 499] : [200, 599]
  const parts = matcher.split(',').map((part) => part.trim())
  const isGood = parts.every((part) => {
    const [, low, high = low] = /^(\d{3})(?:-(\d{3}))?$/.exec(part) ?? []
    return (
      low !== undefined && Number(low) >= from && Number(high) <= to && Number(low) <= Number(high)
    )
  })
  if (!isGood || parts.length > 20) {
    throw elbInvalid(`Health check matcher HTTP code '${matcher}' must be within '${from}-${to}'`)
  }
  return parts.join(',')
}

export async function groupModify(ctx: Ctx, arn: string, wish: CheckWish): Promise<TargetGroup> {
  return await elbChange(ctx, async (tx) => {
    const group = await elbGet(ctx, 'targetGroup', arn, tx)
    const check = checkChanged(group.protocol, group.check, wish)
    return await tx.update('targetGroup', { ...group, check })
  })
}

export async function groupDelete(ctx: Ctx, arn: string): Promise<void> {
  await elbChange(ctx, async (tx) => {
    const group = await elbGet(ctx, 'targetGroup', arn, tx)
    if (group.balancerId !== null) {
      const text = `Target group '${arn}' is currently in use by a listener or a rule`
      throw elbFault('ResourceInUseException', text)
    }
    await tx.remove('targetGroup', group)
  })
}

/** All, or those named, or those that a balancer forwards to. */
export async function groupsList(
  ctx: Ctx,
  asked: {
    balancerArn?: string | undefined
    arns?: readonly string[] | undefined
    names?: readonly string[] | undefined
  },
): Promise<TargetGroup[]> {
  const { balancerArn, arns = [], names = [] } = asked
  const ways = [balancerArn !== undefined, arns.length > 0, names.length > 0].filter(Boolean)
  if (ways.length > 1) {
    throw elbInvalid('Only one of load balancer ARN, target group ARNs and names can be specified')
  }
  if (balancerArn === undefined) return await elbNamed(ctx, 'targetGroup', { arns, names })
  const balancer = await elbGet(ctx, 'loadBalancer', balancerArn)
  const reference = { name: 'balancer', value: balancer.id }
  return await ctx.app.store.list('targetGroup', { reference })
}

export const groupArnOf = groupArn
