/**
 * Network Insights: paths are kept, an analysis answers for one of them by the function that explains reachability.
 * Source: VPC Reachability Analyzer guide (sources and destinations, quotas).
 */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import { newId, type IdOf } from '../../domain/ids.ts'
import { isIpv6 } from '../../domain/net/blocks.ts'
import { addressesOf } from '../../domain/network.ts'
import type { InsightsAnalysis, InsightsPath } from '../../domain/network-insights.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import type { ReachAnswer, ReachEnd } from '../../domain/reach.ts'
import { SOMEWHERE } from './reach/ask.ts'
import { reachExplain } from './reach/explain.ts'
import { reachRedact } from './reach/redact.ts'
import { isAddress, reachState, type ReachState } from './reach/state.ts'
import { baseOf, ownGet, scopeOf } from './scope.ts'

/** AWS's quotas. */
const PATHS_MAX = 100
const ANALYSES_MAX = 1_000

export type PathRequest = Pick<
  InsightsPath,
  | 'source'
  | 'destination'
  | 'sourceIp'
  | 'destinationIp'
  | 'protocol'
  | 'destinationPort'
  | 'filtered'
> & { clientToken: string; tags: Tags }

/** What a path may begin or end at here. */
const KINDS = { i: 'instance', eni: 'networkInterface', igw: 'internetGateway' } as const

async function endMustExist(ctx: Ctx, reader: StoreReader, id: string): Promise<void> {
  const prefix = id.slice(0, id.lastIndexOf('-')) as keyof typeof KINDS
  if (!Object.hasOwn(KINDS, prefix)) {
    const hint = 'a path begins and ends at an instance, an interface or an internet gateway'
    throw new FaultError({ type: 'Unsupported', feature: `a path at ${id}`, hint })
  }
  await ownGet(ctx, reader, KINDS[prefix], id)
}

export async function pathCreate(ctx: Ctx, request: PathRequest): Promise<InsightsPath> {
  const { clientToken, tags, ...path } = request
  return await ctx.app.store.transact(async (tx) => {
    const operation = 'CreateNetworkInsightsPath'
    const { result } = await onceByToken(ctx, tx, operation, clientToken, async () => {
      for (const id of [path.source, path.destination]) {
        if (id !== null) await endMustExist(ctx, tx, id)
      }
      for (const ip of [path.sourceIp, path.destinationIp]) {
        if (ip !== null && !isAddress(ip)) throw invalidValue('Ip', ip, 'not an IP address')
      }
      if (path.destination === null && path.destinationIp === null) {
        const hint = 'or the address of the destination'
        throw new FaultError({ type: 'MissingParameter', parameter: 'Destination', hint })
      }
      if ((await tx.count('insightsPath', scopeOf(ctx))) >= PATHS_MAX) throw tooMany(PATHS_MAX)
      const id = newId('insightsPath', ctx.app.random)
      return (await tx.insert('insightsPath', { ...baseOf(ctx, tags), ...path, id })).id
    })
    return await ownGet(ctx, tx, 'insightsPath', result)
  })
}

function tooMany(limit: number): FaultError {
  const reason = `The maximum number (${limit}) has been reached; delete some first.`
  return new FaultError({ type: 'LimitExceeded', kind: 'insightsPath', limit, reason })
}

/** @throws Fault `DependencyViolation` while it has analyses. */
export async function pathDelete(ctx: Ctx, id: IdOf<'insightsPath'>): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const path = await ownGet(ctx, tx, 'insightsPath', id)
    const reference = { name: 'path', value: id }
    const analyses = await tx.list('insightsAnalysis', { reference })
    if (analyses.length > 0) {
      const dependents = analyses.map((each) => each.id)
      throw new FaultError({ type: 'DependencyViolation', kind: 'insightsPath', id, dependents })
    }
    await tx.remove('insightsPath', path)
  })
}

export type Analysis = InsightsAnalysis<ReachAnswer>

export async function analysisStart(
  ctx: Ctx,
  pathId: IdOf<'insightsPath'>,
  { clientToken, tags }: { clientToken: string; tags: Tags },
): Promise<Analysis> {
  return await ctx.app.store.transact(async (tx) => {
    const operation = 'StartNetworkInsightsAnalysis'
    const { result } = await onceByToken(ctx, tx, operation, clientToken, async () => {
      const path = await ownGet(ctx, tx, 'insightsPath', pathId)
      if ((await tx.count('insightsAnalysis', scopeOf(ctx))) >= ANALYSES_MAX) {
        throw tooMany(ANALYSES_MAX)
      }
      const state = await reachState(tx, ctx.app.settings)
      const analysis = await tx.insert('insightsAnalysis', {
        ...baseOf(ctx, tags),
        id: newId('insightsAnalysis', ctx.app.random),
        pathId,
        startedAt: ctx.app.clock.now(),
        result: reachRedact(
          state,
          ctx.account,
          reachExplain(state, {
            from: endOf(state, path.source, path.sourceIp),
            to: destinationOf(state, path),
            protocol: path.protocol,
            // Without a port any would do: the first that nobody is likely to have closed by name.
            port: path.destinationPort ?? 0,
          }),
        ),
      })
      return analysis.id
    })
    return (await ownGet(ctx, tx, 'insightsAnalysis', result)) as Analysis
  })
}

function destinationOf(state: ReachState, path: InsightsPath): ReachEnd {
  const { destination, destinationIp } = path
  if (destination?.startsWith('igw-') || destination === null) {
    return { type: 'address', address: destinationIp ?? SOMEWHERE }
  }
  return destinationIp === null
    ? endOf(state, destination, null)
    : { type: 'address', address: destinationIp }
}

function endOf(state: ReachState, id: string, ip: string | null): ReachEnd {
  if (id.startsWith('igw-')) return { type: 'address', address: ip ?? SOMEWHERE }
  if (id.startsWith('eni-')) return { type: 'interface', interfaceId: id }
  const interfaceIds = state.instances.get(id)?.spec.interfaceIds ?? []
  const withIp = state.interfaces.find(
    (one) => ip !== null && interfaceIds.includes(one.id) && addressesOf(one).includes(ip),
  )
  const address = withIp && ip && isIpv6(ip) ? { address: ip } : {}
  return { type: 'interface', interfaceId: withIp?.id ?? interfaceIds[0] ?? id, ...address }
}

export async function analysisDelete(ctx: Ctx, id: IdOf<'insightsAnalysis'>): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.remove('insightsAnalysis', await ownGet(ctx, tx, 'insightsAnalysis', id))
  })
}
