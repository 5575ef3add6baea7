/** A moto server for comparison, when one is installed: https://docs.getmoto.org (not part of this project). */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type AddressInfo } from 'node:net'
import { findProgram } from '../../src/cli/packages.ts'
import { waitFor } from '../../src/cli/wait.ts'
import { exec, spawnDetached } from '../../src/lib/exec.ts'
import { mustEnd } from './cleanup.ts'

const START_TIMEOUT_MS = 60_000

export interface MotoServer {
  pid: number
  url: string
  version: string
}

/** Null when none is installed. Ends with the bench. */
export async function startMoto(): Promise<MotoServer | null> {
  const shim = await findProgram('moto_server')
  if (shim === undefined) return null
  const program = await realProgram(shim)
  const folder = await mkdtemp(join(tmpdir(), 'brume-moto-'))
  const port = await freePort()
  const { pid, child } = await spawnDetached(program, ['-H', '127.0.0.1', '-p', String(port)], {
    logPath: join(folder, 'moto.log'),
    cwd: folder,
  })
  // It is ours to end, so we wait for it.
  child.ref()
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = `http://127.0.0.1:${port}`
  mustEnd(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await gone
    await rm(folder, { recursive: true, force: true })
  })
  const version = await waitFor(() => versionOf(url), {
    timeoutMs: START_TIMEOUT_MS,
    pauseMs: 50,
    pauseMsMax: 200,
  })
  if (version !== undefined) return { pid, url, version }
  throw new Error(`moto_server did not answer within ${START_TIMEOUT_MS / 1000} s`)
}

/** pyenv's shim starts Python twice; what it stands for is the server itself. */
async function realProgram(shim: string): Promise<string> {
  if (!shim.includes('/shims/')) return shim
  const { stdout } = await exec('pyenv', ['which', 'moto_server'])
  return stdout.trim()
}

async function versionOf(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/moto-api/`, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.headers.get('server') ?? 'unknown'
  } catch {
    return undefined
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
