/**
 * Hypervisors that libvirt speaks with, wherever they are: QEMU/KVM with incremental backups through checkpoints,
 * others as far as their drivers go.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureFolder, readJson, writeJsonDurable } from '../../lib/fs-durable.ts'
import type { Log } from '../../lib/log.ts'
import { unlessAborted } from '../../lib/time.ts'
import { untilMade } from '../../lib/until-made.ts'
import type {
  HypervisorConnection,
  HypervisorTest,
  MachineListing,
} from '../../domain/hypervisor.ts'
import type { BackupSession, Connector, SessionRequest } from '../connector.ts'
import { domainParse, listedOf } from './domain.ts'
import { allDomainTexts } from './domains.ts'
import { sweep } from './jobs.ts'
import { offlineOpen } from './offline.ts'
import { restore } from './restore.ts'
import { sessionOpen } from './session.ts'
import type { SessionLink } from './session-link.ts'
import { createSsh, isSsh, type Ssh } from './ssh.ts'
import { isTls, PORTS, tlsReach, tlsServers } from './tls.ts'
import { createVirsh, VirshError, type Virsh } from './virsh.ts'

export interface LibvirtConnector extends Connector {
  /** By which hypervisors let this host in over ssh. */
  sshKey(): Promise<string>
}

type Link = SessionLink & { isLocal: boolean }

export function createLibvirtConnector(options: { home: string; log: Log }): LibvirtConnector {
  const { home, log } = options
  const ssh = createSsh(home)
  const virshOf = (connection: HypervisorConnection): Virsh => createVirsh(connection, ssh)
  const id = untilMade(() => programIdOf(home))
  const scratch = untilMade(() => scratchFolder(home))
  const linkOf = async (connection: HypervisorConnection): Promise<Link> =>
    linkTo(connection, ssh, virshOf(connection), await id())
  /** By machine, the session that has it: a domain has one backup job at a time. */
  const busy = new Map<string, Promise<void>>()
  const claim = (key: string): (() => void) => {
    const ended = Promise.withResolvers<void>()
    busy.set(key, ended.promise)
    return () => {
      // A session may be ended twice, and another one have the machine by then.
      if (busy.get(key) === ended.promise) busy.delete(key)
      ended.resolve()
    }
  }
  return {
    sshKey: () => ssh.publicKey(),
    test: (connection, signal) => test(virshOf(connection), signal),
    machines: (connection, signal) => machines(virshOf(connection), signal),
    open: async (connection, request, signal) => {
      const key = `${connection.uri} ${request.machineId}`
      for (let other = busy.get(key); other; other = busy.get(key)) {
        await unlessAborted(other, signal)
      }
      const release = claim(key)
      try {
        const session = await open(await linkOf(connection), request, signal)
        return { ...session, finish: (isSuccess) => session.finish(isSuccess).finally(release) }
      } catch (error) {
        release()
        throw error
      }
    },
    sweep: async (connection, signal) => {
      const keyOf = (uuid: string) => `${connection.uri} ${uuid}`
      const machines = {
        isBusy: (uuid: string) => busy.has(keyOf(uuid)),
        claim: (uuid: string) => claim(keyOf(uuid)),
      }
      const ended = await sweep(await linkOf(connection), machines, signal)
      if (ended.length > 0) log.info({ uri: connection.uri, ended }, 'old backup jobs were ended')
    },
    restore: async (connection, request, signal) =>
      restore(virshOf(connection), await scratch(), request, signal),
  }
}

/** What a daemon that was killed left in it is as large as its machine's disks. */
async function scratchFolder(home: string): Promise<string> {
  const folder = join(home, 'connectors', 'restores')
  await rm(folder, { recursive: true, force: true })
  return ensureFolder(folder)
}

/** Tells what this Brume left with a hypervisor from what others did. */
async function programIdOf(home: string): Promise<string> {
  const file = join(await ensureFolder(join(home, 'connectors')), 'id.json')
  const known = await readJson<{ id: string }>(file)
  if (known) return known.id
  const made = { id: randomBytes(4).toString('hex') }
  await writeJsonDurable(file, made)
  return made.id
}

function linkTo(connection: HypervisorConnection, ssh: Ssh, virsh: Virsh, programId: string): Link {
  const isLocal = /^[a-z]+:\/\/\//.test(connection.uri)
  return {
    virsh,
    programId,
    isLocal,
    servers: async (socket) => {
      if (isTls(connection)) return tlsServers(connection, randomInt(PORTS))
      if (isLocal || isSsh(connection)) return [{ type: 'unix', socket }]
      throw new Error(
        'disks are not read without encryption: import the hypervisor with qemu+tls:// or qemu+ssh://',
      )
    },
    reach: async (server, exportName, signal) => {
      const close = async (): Promise<void> => {}
      if (server.type === 'tls') {
        return { ...(await tlsReach(connection, server, exportName, signal)), close }
      }
      if (isLocal) return { address: { path: server.socket }, tls: null, close }
      const tunnel = await ssh.forward(connection, server.socket, signal)
      return { address: { path: tunnel.path }, tls: null, close: tunnel.close }
    },
    list: async (folder) => {
      if (!isLocal) return []
      const names = await readdir(folder).catch((): string[] => [])
      return names.map((name) => join(folder, name))
    },
    // libvirt removes them when the job ends; this is for jobs that ended in another way.
    remove: async (files) => {
      if (isLocal) for (const file of files) await rm(file, { force: true })
    },
  }
}

async function open(
  link: Link,
  request: SessionRequest,
  signal: AbortSignal,
): Promise<BackupSession> {
  const domain = domainParse(await link.virsh.run(['dumpxml', request.machineId], { signal }))
  if (domain.disks.length === 0) {
    const why = domain.skipped.length > 0 ? `: ${domain.skipped.join(', ')}` : ''
    throw new Error(`${domain.name} has no disk that can be backed up${why}`)
  }
  return domain.runningId === null
    ? offlineOpen(link, domain, request, signal)
    : sessionOpen(link, domain, request, signal)
}

async function test(virsh: Virsh, signal: AbortSignal): Promise<HypervisorTest> {
  try {
    const hostName = await hostNameOf(virsh, signal)
    const text = await virsh.run(['version'], { signal })
    const version = /^Running hypervisor: (.{1,100})/m.exec(text)?.[1] ?? 'unknown'
    return { state: 'online', hostName, version }
  } catch (error) {
    if (!(error instanceof VirshError)) throw error
    const isOffline = error.kind === 'unreachable'
    return { state: isOffline ? 'offline' : 'error', reason: error.message }
  }
}

/** Longer than any host's name. */
const HOST_NAME_MAX = 255
/** Of machines that cannot be described: those that are shown are fewer. */
const FAILURES_MAX = 100

async function hostNameOf(virsh: Virsh, signal: AbortSignal): Promise<string> {
  return (await virsh.run(['hostname'], { signal })).trim().slice(0, HOST_NAME_MAX)
}

async function machines(virsh: Virsh, signal: AbortSignal): Promise<MachineListing> {
  const hostName = await hostNameOf(virsh, signal)
  const found: MachineListing['machines'][number][] = []
  const failures: string[] = []
  for await (const { asked, texts } of allDomainTexts(virsh, signal)) {
    const missing = new Set(asked)
    for (const text of texts) {
      try {
        const domain = domainParse(text)
        missing.delete(domain.uuid)
        found.push(listedOf(domain, hostName))
      } catch (error) {
        failures.push((error instanceof Error ? error.message : String(error)).slice(0, 200))
      }
    }
    failures.push(...[...missing].map((uuid) => `${uuid} could not be described`))
  }
  return { machines: found, failures: failures.slice(0, FAILURES_MAX) }
}
