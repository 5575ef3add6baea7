/** A wall clock for one daemon that a test can set, by libfaketime: time that passes goes on as it does. */
import { access, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'

const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'

export interface DrillClock {
  /** For the daemon's process. */
  env: NodeJS.ProcessEnv
  /** From the real time, as of the daemon's next look at its clock. */
  set(seconds: number): Promise<void>
  seconds(): number
  now(): number
  end(): Promise<void>
}

/** @throws Error where Debian's package libfaketime is missing. */
export async function drillClock(): Promise<DrillClock> {
  await access(LIBRARY).catch(() => {
    throw new Error('this drill sets the clock of a daemon: apt-get install libfaketime')
  })
  const folder = await mkdtemp(join(tmpdir(), 'brume-clock-'))
  const file = join(folder, 'offset')
  let seconds = 0
  const set = async (to: number): Promise<void> => {
    await writeFile(file, `${to < 0 ? '' : '+'}${to}\n`)
    seconds = to
  }
  await set(0)
  return {
    env: {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DISABLE_SHM: '1',
      NO_FAKE_STAT: '1',
    },
    set,
    seconds: () => seconds,
    now: () => Date.now() + seconds * 1000,
    end: async () => {
      await rm(folder, { recursive: true, force: true })
      const left = await readdir('/dev/shm').catch(() => [])
      for (const name of left) {
        if (/faketime/.test(name)) await rm(join('/dev/shm', name), { force: true })
      }
    },
  }
}
