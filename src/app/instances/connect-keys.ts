/**
 * EC2 Instance Connect: a public key that lets somebody into a machine for a minute. It is handed to the guest in two
 * ways: the metadata service shows it (to images whose sshd asks there), and the agent of a guest that cannot ask is
 * told (docs/decisions/0151). Source: EC2 user guide, "Connect to your Linux instance using EC2 Instance Connect".
 */
import { FaultError } from '../../domain/faults.ts'
import { instanceStateOf, type ConnectKey, type Instance } from '../../domain/instance.ts'
import { TimeoutError } from '../../lib/time.ts'
import { resourceChange } from '../../store/sql-store.ts'
import type { Ctx } from '../context.ts'

/** "The public key remains in the instance metadata for 60 seconds." */
const KEY_SECONDS = 60
/** Of a machine at once: each is in every answer of its metadata service. */
const KEYS_MAX = 50

export interface ConnectRequest {
  instanceId: string
  user: string
  /** Type and base64, without a comment. */
  line: string
  /** Where it is said to be. */
  zone: string | null
}

/** @throws the service's faults. */
export async function connectKeySend(ctx: Ctx, request: ConnectRequest): Promise<void> {
  const { app } = ctx
  const now = app.clock.now()
  const { user, line } = request
  const key: ConnectKey = {
    user,
    line,
    until: now + KEY_SECONDS * 1000,
    caller: ctx.principal.arn,
    requestId: ctx.requestId,
  }
  const instance = await app.store.transact(async (tx) => {
    mustBeThere(ctx, request, await tx.get('instance', request.instanceId))
    return resourceChange(tx, 'instance', request.instanceId, (one) => {
      const others = connectKeysOf(one, now).filter((each) => !isSame(each, key))
      if (others.length >= KEYS_MAX) throw connectFault('ThrottlingException')
      return { ...one, connectKeys: [...others, key] }
    })
  })
  const host = app.hosts.find((one) => one.description.hostId === instance!.hostId)
  const told = host?.agent.machineConnectKey(instance!.id, { user, line, seconds: KEY_SECONDS })
  await told?.catch((error: unknown) => {
    // It may be there already: whoever asks the metadata service finds it. But nobody can be sure.
    if (error instanceof TimeoutError) throw connectFault('EC2InstanceUnavailableException')
    throw error
  })
}

/** Those that let somebody in now. */
export function connectKeysOf(instance: Instance, now: number): readonly ConnectKey[] {
  return (instance.connectKeys ?? []).filter(({ until }) => until > now)
}

const isSame = (one: ConnectKey, other: ConnectKey): boolean =>
  one.user === other.user && one.line === other.line

function mustBeThere(ctx: Ctx, { zone }: ConnectRequest, found: Instance | undefined): void {
  const isOwn = found?.account === ctx.account && found.region === ctx.region
  if (!isOwn || (zone !== null && zone !== found.spec.zone)) {
    throw connectFault('EC2InstanceNotFoundException')
  }
  if (instanceStateOf(found) !== 'running') throw connectFault('EC2InstanceStateInvalidException')
}

const WORDS = {
  EC2InstanceNotFoundException: 'The specified instance was not found.',
  EC2InstanceStateInvalidException:
    'Unable to connect because the instance is not in a valid state. Connecting to a stopped or terminated ' +
    'instance is not supported. If the instance is stopped, start your instance, and try to connect again.',
  EC2InstanceUnavailableException:
    'The instance is currently unavailable. Wait a few minutes and try again.',
  ThrottlingException:
    'The requests were made too frequently and have been throttled. Wait a while and try again.',
  InvalidArgsException: 'One of the parameters is not valid.',
} as const

export function connectFault(code: keyof typeof WORDS, why?: string): FaultError {
  const message = why === undefined ? WORDS[code] : `${WORDS[code]} ${why}`
  return new FaultError({ type: 'Service', code, message })
}
