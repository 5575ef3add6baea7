/** Listeners: made, changed, deleted, with their certificates. */
import { listenerArn } from '../../domain/balancers/arn.ts'
import {
  isSecure,
  type Listener,
  type ListenerAction,
  type ListenerProtocol,
  type LoadBalancer,
} from '../../domain/balancers/records.ts'
import { TLS_POLICY_DEFAULT, tlsPolicy } from '../../domain/balancers/tls-policies.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf } from '../network/scope.ts'
import { actionCheck } from './actions.ts'
import { certificatesCheck } from './certificates.ts'
import { associationsSettle, elbChange, elbId } from './change.ts'
import { elbFault, elbInvalid } from './faults.ts'
import { balancerOf, elbGet, listenersOf } from './find.ts'

/** AWS's default quotas. */
const LISTENERS_MAX = 50
const CERTIFICATES_MAX = 25
const PROTOCOLS = { application: ['HTTP', 'HTTPS'], network: ['TCP', 'TLS'] }
const ALPN: Readonly<Record<string, readonly string[]>> = {
  HTTP1Only: ['http/1.1'],
  HTTP2Only: ['h2'],
  HTTP2Optional: ['http/1.1', 'h2'],
  HTTP2Preferred: ['h2', 'http/1.1'],
  None: [],
}

export const alpnOf = (name: string | null): readonly string[] => ALPN[name ?? 'None'] ?? []

export interface ListenerRequest {
  balancerArn: string
  port: number | null
  protocol: string | null
  certificates: readonly string[]
  tlsPolicy: string | null
  alpn: string | null
  action: ListenerAction
  tags: Tags
}

export interface ListenerView {
  balancer: LoadBalancer
  listener: Listener
}

export async function listenerCreate(ctx: Ctx, request: ListenerRequest): Promise<ListenerView> {
  const taken = () => duplicate(request.port ?? 0)
  return await elbChange(
    ctx,
    async (tx) => {
      const balancer = await elbGet(ctx, 'loadBalancer', request.balancerArn, tx)
      const { port, protocol } = request
      if (port === null) throw elbInvalid('A listener port must be specified')
      if (protocol === null) throw elbInvalid('A listener protocol must be specified')
      const all = await listenersOf(tx, balancer.id)
      const known = all.find((one) => one.port === port)
      if (known) {
        // "If you attempt to create multiple listeners with the same settings, each call succeeds."
        if (isSame(known, request)) return { balancer, listener: known }
        throw duplicate(port)
      }
      if (all.length >= LISTENERS_MAX) {
        const text = 'The maximum number of listeners for this load balancer has been reached'
        throw elbFault('TooManyListenersException', text)
      }
      const { random } = ctx.app
      const draft: Listener = {
        ...baseOf(ctx, request.tags),
        id: elbId(random),
        balancerId: balancer.id,
        port,
        protocol: protocol as ListenerProtocol,
        certificates: request.certificates,
        tlsPolicy: request.tlsPolicy,
        alpn: request.alpn,
        defaultRuleId: elbId(random),
        action: request.action,
        attributes: {},
      }
      const listener = await tx.insert('listener', await checked(ctx, tx, balancer, draft))
      await associationsSettle(ctx, tx, balancer.id)
      return { balancer, listener }
    },
    { taken },
  )
}

const duplicate = (port: number): Error =>
  elbFault('DuplicateListenerException', `A listener already exists on this port: ${port}`)

function isSame(known: Listener, request: ListenerRequest): boolean {
  const { protocol, certificates, tlsPolicy: policy, alpn, action } = request
  const isPolicy = policy === null || policy === known.tlsPolicy
  return (
    known.protocol === protocol &&
    isPolicy &&
    known.alpn === alpn &&
    known.certificates[0] === certificates[0] &&
    JSON.stringify(known.action) === JSON.stringify(action)
  )
}

/** A listener that may stand, with its policy. */
async function checked(
  ctx: Ctx,
  reader: StoreReader,
  { type, vpcId }: LoadBalancer,
  draft: Listener,
): Promise<Listener> {
  const { protocol, certificates, alpn } = draft
  if (!PROTOCOLS[type].includes(protocol)) {
    const served = PROTOCOLS[type].join(', ')
    throw elbFault(
      'UnsupportedProtocolException',
      `The protocol '${protocol}' is not served by ${type} load balancers here; must be one of ${served}`,
    )
  }
  await actionCheck(reader, draft.action, { type, protocol, vpcId })
  if (!isSecure(protocol)) {
    if (certificates.length > 0 || draft.tlsPolicy !== null) {
      throw elbInvalid(
        `A certificate or security policy cannot be specified for ${protocol} listeners`,
      )
    }
    if (alpn !== null)
      throw elbInvalid(`An ALPN policy cannot be specified for ${protocol} listeners`)
    return draft
  }
  const policy = draft.tlsPolicy ?? TLS_POLICY_DEFAULT
  if (!tlsPolicy(policy)) {
    throw elbFault('SSLPolicyNotFoundException', `SSL policy '${policy}' not found`)
  }
  if (alpn !== null && (protocol !== 'TLS' || !(alpn in ALPN))) {
    throw elbFault('ALPNPolicyNotSupportedException', `The ALPN policy '${alpn}' is not supported`)
  }
  if (certificates.length === 0) {
    throw elbFault(
      'CertificateNotFoundException',
      `A certificate must be specified for ${protocol} listeners`,
    )
  }
  await certificatesCheck(ctx, reader, certificates)
  return { ...draft, tlsPolicy: policy }
}

export interface ListenerChange {
  port: number | null
  protocol: string | null
  certificates: readonly string[] | null
  tlsPolicy: string | null
  alpn: string | null
  action: ListenerAction | null
}

/** What is null stays. */
export async function listenerModify(
  ctx: Ctx,
  arn: string,
  change: ListenerChange,
): Promise<ListenerView> {
  return await elbChange(
    ctx,
    async (tx) => {
      const listener = await elbGet(ctx, 'listener', arn, tx)
      const balancer = await balancerOf(tx, listener)
      const protocol = (change.protocol ?? listener.protocol) as ListenerProtocol
      const keeps = isSecure(protocol)
      const [first] = change.certificates ?? []
      // A change is about the default certificate; the others stay.
      const certificates =
        first === undefined
          ? listener.certificates
          : [first, ...listener.certificates.slice(1).filter((one) => one !== first)]
      const draft: Listener = {
        ...listener,
        protocol,
        port: change.port ?? listener.port,
        certificates: keeps ? certificates : (change.certificates ?? []),
        tlsPolicy: change.tlsPolicy ?? (keeps ? listener.tlsPolicy : null),
        alpn: change.alpn ?? (keeps ? listener.alpn : null),
        action: change.action ?? listener.action,
      }
      const made = await tx.update('listener', await checked(ctx, tx, balancer, draft))
      await associationsSettle(ctx, tx, balancer.id)
      return { balancer, listener: made }
    },
    { taken: () => duplicate(change.port ?? 0) },
  )
}

/** With its rules. One that is not there is an error, as on AWS. */
export async function listenerDelete(ctx: Ctx, arn: string): Promise<void> {
  await elbChange(ctx, async (tx) => {
    const listener = await elbGet(ctx, 'listener', arn, tx)
    const reference = { name: 'listener', value: listener.id }
    for (const rule of await tx.list('listenerRule', { reference })) {
      await tx.remove('listenerRule', rule)
    }
    await tx.remove('listener', listener)
    await associationsSettle(ctx, tx, listener.balancerId)
  })
}

/** The default one stays where it is. */
export async function listenerCertificates(
  ctx: Ctx,
  arn: string,
  change: { add?: readonly string[]; remove?: readonly string[] },
): Promise<Listener> {
  const { add = [], remove = [] } = change
  return await elbChange(ctx, async (tx) => {
    const listener = await certificateHolder(ctx, tx, arn)
    const [first, ...others] = listener.certificates
    if (first !== undefined && remove.includes(first)) {
      const text = 'The default certificate of a listener cannot be removed'
      throw elbFault('OperationNotPermittedException', text)
    }
    await certificatesCheck(ctx, tx, add)
    const kept = others.filter((one) => !remove.includes(one))
    const added = add.filter((one) => one !== first && !kept.includes(one))
    const certificates = [first!, ...kept, ...added]
    if (certificates.length > CERTIFICATES_MAX + 1) {
      const text = 'The maximum number of certificates for this load balancer has been reached'
      throw elbFault('TooManyCertificatesException', text)
    }
    return await tx.update('listener', { ...listener, certificates })
  })
}

async function certificateHolder(ctx: Ctx, tx: StoreTransaction, arn: string): Promise<Listener> {
  const listener = await elbGet(ctx, 'listener', arn, tx)
  if (isSecure(listener.protocol)) return listener
  throw elbFault(
    'OperationNotPermittedException',
    `Certificates cannot be changed of ${listener.protocol} listeners`,
  )
}

/** All of a balancer, or those named. */
export async function listenerViews(
  ctx: Ctx,
  {
    balancerArn,
    arns = [],
  }: { balancerArn?: string | undefined; arns?: readonly string[] | undefined },
): Promise<ListenerView[]> {
  const { store } = ctx.app
  if (balancerArn !== undefined && arns.length === 0) {
    const balancer = await elbGet(ctx, 'loadBalancer', balancerArn)
    const listeners = await listenersOf(store, balancer.id)
    return listeners.map((listener) => ({ balancer, listener }))
  }
  if (arns.length === 0)
    throw elbInvalid('You must specify either listener ARNs or a load balancer ARN')
  return await Promise.all(
    arns.map(async (arn) => {
      const listener = await elbGet(ctx, 'listener', arn)
      return { listener, balancer: await balancerOf(store, listener) }
    }),
  )
}

export const listenerArnOf = ({ balancer, listener }: ListenerView): string =>
  listenerArn(balancer, listener)
