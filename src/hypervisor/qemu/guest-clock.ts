/** Sets the clock of a guest that slept, by its agent where one listens; others have the host's time service. */
import { connect } from 'node:net'
import type { Machine } from './context.ts'

const TIMEOUT_MS = 5_000

/** Resolves when the agent was told, or does not answer. */
export function clockSet(machine: Machine, nowMs: number): Promise<void> {
  return new Promise((resolve) => {
    const id = nowMs % 1_000_000_000
    const socket = connect({ path: machine.paths.agentSocket })
    const finish = (): void => {
      clearTimeout(timer)
      socket.end()
      resolve()
    }
    const timer = setTimeout(finish, TIMEOUT_MS)
    let text = ''
    socket.on('error', finish)
    socket.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-4_096)
      // Its answer to the sync is what tells that somebody reads.
      if (!text.includes(String(id))) return
      const time = nowMs * 1_000_000
      socket.write(`{"execute":"guest-set-time","arguments":{"time":${time}}}\n`, finish)
    })
    socket.write(`${JSON.stringify({ execute: 'guest-sync', arguments: { id } })}\n`)
  })
}
