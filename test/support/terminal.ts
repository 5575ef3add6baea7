/** The serial line of a domain of libvirt, a terminal of the kernel's: what the guest says, and words for its shell. */
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { exec } from '../../src/lib/exec.ts'
import { eventually } from './eventually.ts'

export interface Terminal {
  /** Resolves with all that was said once it contains the text. */
  has(text: string, timeoutMs?: number): Promise<string>
  type(line: string): Promise<void>
  /** Runs a command in the shell of the image tiny; what it prints. */
  run(command: string): Promise<string>
  close(): Promise<void>
}

const BOOT_TIMEOUT_MS = 480_000
let count = 0

export async function terminalOpen(path: string): Promise<Terminal> {
  await exec('stty', ['-F', path, 'raw', '-echo'])
  const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants
  const handle: FileHandle = await open(path, O_RDWR | O_NOCTTY | O_NONBLOCK)
  let said = ''
  let isOpen = true
  const listen = async (): Promise<void> => {
    const buffer = Buffer.alloc(4_096)
    while (isOpen) {
      try {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, null)
        said += buffer.subarray(0, bytesRead).toString('latin1')
      } catch (error) {
        // Nothing to read yet, or nobody at the other end yet.
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'EAGAIN' && code !== 'EIO') return
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }
  const listening = listen()
  const has = (text: string, timeoutMs = BOOT_TIMEOUT_MS): Promise<string> =>
    eventually(
      () => said,
      (now) => now.includes(text),
      timeoutMs,
    )
  const type = async (line: string): Promise<void> => void (await handle.write(`${line}\n`))
  return {
    has,
    type,
    run: async (command) => {
      const mark = `DONE${++count}`
      // In two parts, so that the echo of what was typed is not taken for the end.
      await type(`{ echo BEGIN''${mark}; ${command}; echo END''${mark}=$?; }`)
      const text = await has(`END${mark}=`)
      const from = text.lastIndexOf(`BEGIN${mark}`) + `BEGIN${mark}`.length
      return text.slice(from, text.lastIndexOf(`END${mark}=`)).trim()
    },
    close: async () => {
      isOpen = false
      await listening
      await handle.close()
    },
  }
}
