/** The kernel's own word for how busy the host is, from /proc/pressure. */
import { readFile } from 'node:fs/promises'
import { pressureParse } from '../domain/allocation.ts'
import type { HostPressure } from '../domain/host-pressure.ts'

export async function hostPressure(): Promise<HostPressure> {
  const of = async (name: string): Promise<number | null> =>
    pressureParse(await readFile(`/proc/pressure/${name}`, 'utf8').catch(() => null))
  const [cpu, memory, io] = await Promise.all([of('cpu'), of('memory'), of('io')])
  return { cpu, memory, io }
}
