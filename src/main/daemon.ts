/**
 * The standalone cloud: control plane and host agent in one process on this machine. Stays in the foreground; SIGTERM
 * ends the daemon and leaves the instances running, as does any crash: the next start takes them over.
 */
import { hostname, totalmem, cpus } from 'node:os'
import { readFile, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createLocalAgent } from '../agent/local-agent.ts'
import { machinesFolder } from '../agent/templates/build.ts'
import { createTemplates } from '../agent/templates/templates.ts'
import { filesBeneath } from '../blocks/backend.ts'
import { createQcow2Backend } from '../blocks/qcow2/backend.ts'
import { createLibvirtConnector } from '../connectors/libvirt/connector.ts'
import type { HostId, InstanceId } from '../domain/ids.ts'
import type { HostDescription, HypervisorReport } from '../domain/machine.ts'
import { SETTINGS_DEFAULT } from '../app/settings.ts'
import { createFabric } from '../fabric/fabric.ts'
import { createQemuDriver, type QemuDriver } from '../hypervisor/qemu/driver.ts'
import { removeDurable, writeJsonDurable } from '../lib/fs-durable.ts'
import { createLog } from '../lib/log.ts'
import { systemClock } from '../lib/time.ts'
import { instancesStopAll } from '../app/instances/stop-all.ts'
import { hostBalancers } from './balancers.ts'
import { startCloud, type Cloud } from './cloud.ts'
import { hostPressure } from './host-pressure.ts'
import { homeDefault, openHome, type Home } from './home.ts'
import { createConsoleSource } from './console-source.ts'
import { createImageJobs, imagesScan } from './image-jobs.ts'
import { serveEndpoints } from './endpoint-service.ts'
import { serveMetadata } from './metadata-service.ts'
import { hostIdOf, rootCredentials } from './secrets.ts'
import { VERSION } from './version.ts'

const { values } = parseArgs({
  options: {
    home: { type: 'string', default: homeDefault() },
    port: { type: 'string', default: '4566' },
    host: { type: 'string', default: '127.0.0.1' },
    auth: { type: 'string', default: 'strict' },
    'cpu-overcommit': { type: 'string', default: String(SETTINGS_DEFAULT.cpuOvercommit) },
    'bandwidth-limits': { type: 'string', default: 'on' },
    'memory-overcommit': { type: 'string', default: String(SETTINGS_DEFAULT.memoryOvercommit) },
    standbys: { type: 'string', default: '1' },
    'translation-cache': { type: 'string' },
    'volume-modification-wait': { type: 'string', default: '0' },
    'backup-webhook': { type: 'string' },
    'import-from-private': { type: 'boolean', default: false },
    'passphrase-file': { type: 'string' },
    'log-level': { type: 'string', default: 'info' },
  },
})

const clock = systemClock
const log = createLog({ level: values['log-level'] })
const home = await openHome(values.home)
const root = await rootCredentials(home)
const hostId = await hostIdOf(home)
const driver = await createQemuDriver({
  instancesFolder: home.instances,
  probeCachePath: join(home.root, 'probe.json'),
  log: log.child({ part: 'hypervisor' }),
  clock,
  ...(values['translation-cache'] && { tcgCacheMiB: Number(values['translation-cache']) }),
  runAs: process.getuid?.() === 0 ? userOf : undefined,
})
const fabric = createFabric({
  stateFolder: home.root,
  log: log.child({ part: 'fabric' }),
  clock,
  publicPool: SETTINGS_DEFAULT.publicPool,
  ipv6Pool: SETTINGS_DEFAULT.ipv6Pool,
  ...(process.getuid?.() === 0 && { tapOwner: (instanceId: InstanceId) => userOf(instanceId).uid }),
})
// Listens for namespaces before the first one is made.
const metadata = await serveMetadata({ home, fabric, log: log.child({ part: 'metadata' }), clock })
const volumes = await createQcow2Backend({
  folder: home.volumes,
  log: log.child({ part: 'blocks' }),
})
const report = await driver.probe()
await driver.adoptAll()
const templates = await createTemplates({
  home: home.root,
  root: home.templates,
  // Machines that are to be frozen are nobody's instances, so they have a driver and a folder of their own.
  driver: await createQemuDriver({
    instancesFolder: machinesFolder(home.templates),
    probeCachePath: null,
    report,
    log: log.child({ part: 'templates' }),
    clock,
    runAs: process.getuid?.() === 0 ? userOf : undefined,
  }),
  report,
  layerPath: (layerId) => volumes.layers.path(layerId),
  filesBeneathVolumes: () => filesBeneath(volumes),
  log: log.child({ part: 'templates' }),
  clock,
})
const helpers = await createQemuDriver({
  instancesFolder: join(home.root, 'helpers'),
  probeCachePath: null,
  report,
  log: log.child({ part: 'helpers' }),
  clock,
  runAs: process.getuid?.() === 0 ? userOf : undefined,
})
await helpersEnd(helpers)
// For each volume that several machines have, a process that serves it to them: it outlives us as they do.
const servers = await createQemuDriver({
  instancesFolder: join(home.root, 'shared'),
  probeCachePath: null,
  report,
  log: log.child({ part: 'shared' }),
  clock,
  runAs: process.getuid?.() === 0 ? userOf : undefined,
})
await servers.adoptAll()
const endpoints = await serveEndpoints({ folder: home.keys, fabric, log, clock })
const balancers = await hostBalancers({ log: log.child({ part: 'balancers' }), clock })
const agent = await createLocalAgent({
  balancers,
  home: home.root,
  describe: () => describeHost(home, hostId, report, driver.limitations()),
  driver,
  networks: fabric,
  volumes,
  templates,
  standbyCount: Math.max(0, Number(values.standbys) || 0),
  servers: { driver: servers, runAs: (id) => (process.getuid?.() === 0 ? userOf(id) : null) },
  helpers: { driver: helpers, lineOf: (id) => helpers.paths(id).agentSocket },
  log: log.child({ part: 'agent' }),
  clock,
  stopGraceMs: SETTINGS_DEFAULT.stopGraceMs,
  mayFetchInternal: values['import-from-private'],
  connectors: {
    libvirt: createLibvirtConnector({ home: home.root, log: log.child({ part: 'libvirt' }) }),
  },
})

/** Whoever asked a helper machine something is gone. */
async function helpersEnd(driver: QemuDriver): Promise<void> {
  for (const { instanceId } of await driver.adoptAll()) {
    await driver.stop(instanceId, { isForced: true, graceMs: 0 })
    await driver.remove(instanceId)
  }
  // Sockets come again when what they serve is stated again.
  await removeDurable(join(home.root, 'points'))
}

/**
 * Each machine's QEMU is a user of its own, so that one that breaks out owns nothing but its own disks. The ids lie
 * where no distribution puts people or services, and derive from the instance's id.
 */
function userOf(instanceId: InstanceId): { uid: number; gid: number } {
  const FIRST = 1_500_000_000
  const COUNT = 0x1000_0000
  const uid = FIRST + (Number.parseInt(instanceId.slice(-7), 16) % COUNT)
  return { uid, gid: uid }
}

let isEnding = false
const cloud: Cloud = await startCloud({
  home,
  root,
  agents: [endpoints.watching(agent)],
  endpoints,
  auth: values.auth === 'open' ? 'open' : 'strict',
  host: values.host,
  port: Number(values.port),
  log,
  databaseUrl: process.env.BRUME_DATABASE_URL,
  passphrase: await passphraseOf(values['passphrase-file'] ?? process.env.BRUME_PASSPHRASE_FILE),
  settings: {
    cpuOvercommit: factor('cpu-overcommit'),
    memoryOvercommit: factor('memory-overcommit'),
    hasBandwidthLimits: values['bandwidth-limits'] !== 'off',
    backupWebhook: values['backup-webhook'] ?? null,
    backupExpiryHoldMs: 3_600_000,
    volumeModificationWaitMs: Math.max(0, Number(values['volume-modification-wait']) || 0) * 1000,
  },
  console: createConsoleSource({ cacheFolder: home.cache, log: log.child({ part: 'console' }) }),
  imageJobs: (app) => createImageJobs(home, app),
  onApp: (app) => metadata.attach(app),
  shutdown: (options) => void end(options),
})
metadata.attachApi(cloud.guests)
await imagesScan(home, cloud.app, root.account)
await writeJsonDurable(
  home.daemonFile,
  {
    pid: process.pid,
    port: cloud.server.port,
    startedAt: new Date(clock.now()).toISOString(),
    version: VERSION,
  },
  0o644,
)
log.info({ url: cloud.server.url, accelerator: report.accelerator }, 'the cloud answers')
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => void end({ instances: false }))
}

/** How often a host's processors or memory may be promised. */
function factor(name: 'cpu-overcommit' | 'memory-overcommit'): number {
  const value = Number(values[name])
  if (value > 0 && Number.isFinite(value)) return value
  process.stderr.write(`--${name} takes a number above 0, not '${values[name]}'\n`)
  process.exit(2)
}

/** The first line of a file, so that it is in no list of processes. */
async function passphraseOf(path: string | undefined): Promise<string | null> {
  if (path === undefined || path === '') return null
  const [line = ''] = (await readFile(path, 'utf8')).split(/\r?\n/)
  if (line === '') throw new Error(`${path} has no passphrase in its first line`)
  return line
}

async function end(options: { instances: boolean }): Promise<void> {
  if (isEnding) return
  isEnding = true
  try {
    if (options.instances) await instancesStopAll(cloud.app)
    await cloud.close()
    await metadata.close()
    endpoints.close()
    balancers.close()
    if (options.instances) {
      await balancers.removeAll()
      await fabric.removeAll()
    }
    await removeDurable(home.daemonFile)
    log.info({}, 'the daemon ends')
    process.exit(0)
  } catch (err) {
    log.error({ err }, 'the daemon did not end cleanly')
    process.exit(1)
  }
}

async function describeHost(
  home: Home,
  hostId: HostId,
  report: HypervisorReport,
  limitations: readonly string[],
): Promise<HostDescription> {
  const disk = await statfs(home.root)
  const MIB = 1024 ** 2
  return {
    hostId,
    hostName: hostname(),
    zone: 'a',
    hypervisor: report,
    cpuCount: cpus().length,
    memoryMiB: Math.floor(totalmem() / MIB),
    diskFreeBytes: disk.bavail * disk.bsize,
    limitations,
    pressure: await hostPressure(),
    gpus: await driver.gpus(),
    isSimulated: false,
  }
}
