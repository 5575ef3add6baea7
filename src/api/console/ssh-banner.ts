/** Waits for the first line of an SSH server: the moment when a machine can be logged in to. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const TRY_MS = 2_000
const PAUSE_MS = 200
const BANNER_BYTES_MAX = 512

export type Dial = (address: string) => Socket

const dialSsh: Dial = (address) => connect({ host: address, port: 22 })

/** Null when none answered until the signal. */
export async function sshBannerAwait(
  address: string,
  signal: AbortSignal,
  dial: Dial = dialSsh,
): Promise<string | null> {
  while (!signal.aborted) {
    const banner = await once(dial(address), signal)
    if (banner !== null) return banner
    // A refused connection comes back at once; the guest's services take a while.
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {})
  }
  return null
}

function once(socket: Socket, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    let text = ''
    const end = (banner: string | null): void => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      resolve(banner)
    }
    const onAbort = (): void => end(null)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.setTimeout(TRY_MS, () => end(null))
    socket.on('error', () => end(null))
    socket.on('close', () => end(null))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const line = /^(SSH-[\x20-\x7e]+)\r?\n/m.exec(text)?.[1]
      if (line !== undefined) end(line)
      else if (text.length > BANNER_BYTES_MAX) end(null)
    })
  })
}
