/** `brume doctor` asked by the console: the same program, with the same words, in a process of its own. */
import { join } from 'node:path'
import { exec, ExecError } from '../lib/exec.ts'
import type { Home } from './home.ts'

export interface DoctorFinding {
  area: string
  level: 'good' | 'limited' | 'bad'
  text: string
  fix: string | null
}

const TIMEOUT_MS = 60_000

export async function doctorAsk(home: Home): Promise<{ findings: DoctorFinding[] }> {
  const main = join(import.meta.dirname, '..', 'cli', 'main.ts')
  const args = [main, 'doctor', '--json', '--home', home.root]
  const stdout = await exec(process.execPath, args, { timeoutMs: TIMEOUT_MS }).then(
    (result) => result.stdout,
    (error: unknown) => {
      // 1: it found something to mend.
      if (error instanceof ExecError && error.exitCode === 1) return error.stdout
      throw error
    },
  )
  const { findings } = JSON.parse(stdout) as { findings: DoctorFinding[] }
  return { findings }
}
