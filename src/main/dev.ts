/**
 * `npm run dev`: the whole control plane on simulated hosts, for working on it: no root, no hypervisor, up in about a
 * second. Nothing boots and the hosts say so.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createSimulatedAgent } from '../agent/simulated-agent.ts'
import { createSimulatedVolumes } from '../agent/simulated-volumes.ts'
import { imagesRegister } from '../app/images/register.ts'
import { removeDurable, writeJsonDurable } from '../lib/fs-durable.ts'
import { createLog } from '../lib/log.ts'
import { systemClock } from '../lib/time.ts'
import { startCloud } from './cloud.ts'
import { createConsoleSource } from './console-source.ts'
import { openHome } from './home.ts'
import { rootCredentials } from './secrets.ts'
import { simulatedImage } from './simulated-image.ts'
import { VERSION } from './version.ts'

const { values } = parseArgs({
  options: {
    home: { type: 'string', default: join(tmpdir(), 'brume-dev') },
    port: { type: 'string', default: '4566' },
    /** `strict`: only the root key of the home, and what it made. */
    auth: { type: 'string', default: 'open' },
    hosts: { type: 'string', default: '3' },
    /** Milliseconds that a simulated change takes. */
    delay: { type: 'string', default: '800' },
  },
})

const log = createLog({ level: 'info' })
const home = await openHome(values.home)
const root = await rootCredentials(home)
// One storage, so that a volume goes to whatever host its instance is on.
const volumes = createSimulatedVolumes()
const agents = Array.from({ length: Number(values.hosts) }, (_, n) =>
  createSimulatedAgent({
    hostId: `simulated-${n + 1}`,
    clock: systemClock,
    delayMs: Number(values.delay),
    volumes,
    vaultsFolder: join(home.root, 'vaults'),
  }),
)
const cloud = await startCloud({
  home,
  root,
  agents,
  auth: values.auth === 'strict' ? 'strict' : 'open',
  host: '127.0.0.1',
  port: Number(values.port),
  log,
  console: createConsoleSource({ cacheFolder: home.cache, log, isWatched: true }),
  imageJobs: () => ({
    list: async () => [],
    run: async () => {
      throw new Error('simulated hosts make no images')
    },
  }),
  shutdown: () => process.kill(process.pid, 'SIGTERM'),
})
await imagesRegister(cloud.app, [
  { manifest: simulatedImage(), imageFolder: 'tiny/simulated', owner: { type: 'amazon' } },
])
await writeJsonDurable(
  home.daemonFile,
  {
    pid: process.pid,
    port: cloud.server.port,
    startedAt: new Date(systemClock.now()).toISOString(),
    version: VERSION,
  },
  0o644,
)
log.info({ url: cloud.server.url, hosts: agents.length }, 'simulated cloud: nothing boots here')
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void cloud
      .close()
      .then(() => removeDurable(home.daemonFile))
      .then(() => process.exit(0))
  })
}
