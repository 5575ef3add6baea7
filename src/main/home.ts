/** Where everything lies: BRUME_HOME, folder by folder (docs/home.md explains each), and who may read it. */
import { chmod, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ensureFolder } from '../lib/fs-durable.ts'

export interface Home {
  root: string
  database: string
  metrics: string
  trail: string
  credentials: string
  daemonFile: string
  instances: string
  volumes: string
  images: string
  templates: string
  cache: string
  keys: string
  logs: string
}

export function homeDefault(): string {
  if (process.env.BRUME_HOME) return process.env.BRUME_HOME
  return process.getuid?.() === 0 ? '/var/lib/brume' : join(homedir(), '.local/share/brume')
}

/** Makes the folders. Images and volumes may be walked through by QEMU's own users; the rest is ours alone. */
export async function openHome(root: string): Promise<Home> {
  const home: Home = {
    root,
    database: join(root, 'brume.db'),
    metrics: join(root, 'metrics.db'),
    trail: join(root, 'trail.db'),
    credentials: join(root, 'credentials.json'),
    daemonFile: join(root, 'daemon.json'),
    instances: join(root, 'instances'),
    volumes: join(root, 'volumes'),
    images: join(root, 'images'),
    templates: join(root, 'templates'),
    cache: join(root, 'cache'),
    keys: join(root, 'keys'),
    logs: join(root, 'logs'),
  }
  for (const folder of [root, home.instances, home.volumes, home.images, home.templates]) {
    await ensureWalkable(folder)
  }
  for (const folder of [home.cache, home.keys, home.logs]) await ensureFolder(folder)
  return home
}

/**
 * Others may pass through, not look: a machine's QEMU is a user of its own, and opens disks that are plugged in later,
 * and the socket by which a template's state leaves it, as that user. Also where the folder was there before us.
 */
async function ensureWalkable(folder: string): Promise<void> {
  const PASS = 0o011
  await ensureFolder(folder, 0o711)
  const { mode } = await stat(folder)
  if ((mode & PASS) !== PASS) await chmod(folder, (mode & 0o7777) | PASS)
}
