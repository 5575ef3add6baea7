/** A program from start to end: wall time, processor time of it and all that it started, its peak of memory. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'

export interface Timed {
  seconds: number
  cpuSeconds: number
  peakMiB: number
}

const LOOK_MS = 10
const TIMEOUT_MS = 3_600_000

/** bash tells the times of what it ran, by the kernel's own account; `"$@"` keeps the words as they are. */
const SCRIPT = 'TIMEFORMAT="%R %U %S"; time "$@" 2>&1'

/** @throws when it fails, with its last words. */
export async function timed(
  words: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Timed> {
  const child = spawn('bash', ['-c', SCRIPT, 'time', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    timeout: TIMEOUT_MS,
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (part: Buffer) => (out = `${out}${part}`.slice(-4_000)))
  child.stderr.on('data', (part: Buffer) => (err = `${err}${part}`.slice(-4_000)))
  let peakKib = 0
  const timer = setInterval(() => {
    void peakOf(child.pid!).then((kib) => (peakKib = Math.max(peakKib, kib)))
  }, LOOK_MS)
  const [code] = (await once(child, 'close')) as [number | null]
  clearInterval(timer)
  if (code !== 0) throw new Error(`${words[0]} ended with ${code}: ${out.trim()} ${err.trim()}`)
  const [wall, user, system] = err.trim().split('\n').at(-1)!.split(' ').map(Number)
  return { seconds: wall!, cpuSeconds: user! + system!, peakMiB: peakKib / 1024 }
}

/** The kernel's own high-water mark of bash's child: it only grows, so the last look is near enough. */
async function peakOf(pid: number): Promise<number> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
  const children = (await read(`/proc/${pid}/task/${pid}/children`)).trim().split(' ')
  const status = await read(`/proc/${children[0]}/status`)
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0)
}
