/** The workloads (bench/guest/probe.c): compiled when they are needed, put into guests, run there and here. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exec } from '../../src/lib/exec.ts'
import { ssh, type Login } from './reach.ts'

const SOURCE = join(import.meta.dirname, '../guest/probe.c')
const GUEST_PATH = '/tmp/probe'
/** Beyond what a workload takes by itself. */
const PATIENCE_MS = 120_000

export interface ProbeResult {
  bytes: number
  operations: number
  seconds: number
  p50Us: number
  p99Us: number
}

/** Somewhere the workloads can run: on the host or in a guest. */
export interface ProbePlace {
  run(words: readonly (string | number)[]): Promise<ProbeResult>
}

export async function probeBuild(folder: string): Promise<string> {
  const path = join(folder, 'probe')
  await exec('cc', ['-O2', '-Wall', '-static', '-o', path, SOURCE])
  return path
}

export function probeHere(path: string): ProbePlace {
  return {
    run: async (words) => {
      const { stdout } = await exec(path, words.map(String), { timeoutMs: PATIENCE_MS })
      return JSON.parse(stdout) as ProbeResult
    },
  }
}

/** Puts the program into the guest. As root there: it opens whole disks. */
export async function probeInGuest(path: string, login: Login): Promise<ProbePlace> {
  const input = await readFile(path)
  await ssh(login, `cat >${GUEST_PATH} && chmod 755 ${GUEST_PATH}`, { input })
  return {
    run: async (words) => {
      const command = ['sudo', '-n', GUEST_PATH, ...words.map(String)].join(' ')
      return JSON.parse(await ssh(login, command, { timeoutMs: PATIENCE_MS })) as ProbeResult
    },
  }
}

/** Listens in the guest until the guest ends. */
export async function probeServe(login: Login, port: number): Promise<void> {
  await ssh(login, `${GUEST_PATH} serve ${port}`)
}
