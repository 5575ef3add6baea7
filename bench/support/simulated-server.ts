/**
 * A whole control plane on simulated hosts as a process of its own, so that what it costs is told apart from what its
 * client costs. Composed as src/main/daemon.ts is (SQLite with every commit synced, signatures checked), only that
 * nothing boots. Its parent asks over IPC: `settle` (all reconcilers look at everything), `quiet`, `end`.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { createSimulatedAgent } from '../../src/agent/simulated-agent.ts'
import { imagesRegister } from '../../src/app/images/register.ts'
import type { ReconcilerName } from '../../src/app/context.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { startCloud, type Cloud } from '../../src/main/cloud.ts'
import { openHome } from '../../src/main/home.ts'
import { rootCredentials } from '../../src/main/secrets.ts'
import { simulatedImage } from '../../src/main/simulated-image.ts'
import type { FromServer, ToServer } from './simulated.ts'

/** A process that used less than this in the window does nothing any more. */
const QUIET_CPU_MS = 10
const QUIET_WINDOW_MS = 100
const QUIET_TIMEOUT_MS = 600_000
const RECONCILERS: readonly ReconcilerName[] = [
  'network',
  'instances',
  'volumes',
  'attachments',
  'interfaces',
]

const [homePath, hostCount] = process.argv.slice(2)
const home = await openHome(homePath!)
const root = await rootCredentials(home)
const agents = Array.from({ length: Number(hostCount) }, (_, n) =>
  createSimulatedAgent({ hostId: `simulated-${n + 1}`, clock: systemClock }),
)
const cloud = await startCloud({
  home,
  root,
  agents,
  auth: 'strict',
  host: '127.0.0.1',
  port: 0,
  log: silentLog,
  imageJobs: () => ({
    list: async () => [],
    run: () => Promise.reject(new Error('simulated hosts make no images')),
  }),
  shutdown: () => {},
})
await imagesRegister(cloud.app, [
  { manifest: simulatedImage(), imageFolder: 'tiny/simulated', owner: { type: 'amazon' } },
])
process.on('message', (message: ToServer) => {
  void answer(cloud, message)
})
// Ctrl-C reaches us, too; whoever started us ends us in order.
process.on('SIGINT', () => {})
// Whoever started us is gone.
process.on('disconnect', () => process.exit(1))
tell({ type: 'ready', url: cloud.server.url, credentials: root })

function tell(message: FromServer): void {
  process.send?.(message)
}

async function answer({ app, close }: Cloud, message: ToServer): Promise<void> {
  if (message.type === 'end') {
    await close()
    process.exit(0)
  }
  if (message.type === 'quiet') return tell({ type: 'done', idleMs: await untilQuiet() })
  for (const name of RECONCILERS) app.activate(name)
  await app.settled()
  tell({ type: 'done', idleMs: 0 })
}

/** Reconcilers have settled and hosts' reports are applied; for how long nothing has been done by then. */
async function untilQuiet(): Promise<number> {
  const until = performance.now() + QUIET_TIMEOUT_MS
  for (;;) {
    await cloud.app.settled()
    const windowAt = performance.now()
    const before = process.cpuUsage()
    await wait(QUIET_WINDOW_MS)
    const { user, system } = process.cpuUsage(before)
    const isQuiet = (user + system) / 1000 < QUIET_CPU_MS
    if (isQuiet || windowAt > until) return performance.now() - windowAt
  }
}
