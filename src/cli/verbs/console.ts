/**
 * `brume console`: without a machine, the web console by a one-time link, signed in; with one, this terminal becomes
 * the machine's serial console, or what was said there is printed. The live serial console is a socket in the home,
 * so it works on the host itself, also when the machine has no network.
 */
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { Command } from 'commander'
import { ec2Of, instanceChoose, instancesAll } from '../client.ts'
import { exec } from '../../lib/exec.ts'
import { CliError } from '../errors.ts'
import { isRoot, requireCloud, resolveHome, type Cloud } from '../home.ts'
import { send } from '../host-api.ts'
import { socketPath } from '../machine-socket.ts'
import { homeOption } from '../options.ts'
import type { VerbContext } from '../verb-context.ts'

/** Ctrl-], as telnet and virsh have it. */
const ESCAPE_BYTE = 0x1d
const LINK_TIMEOUT_MS = 10_000

export function command(context: VerbContext): Command {
  return new Command('console')
    .description("Opens the web console, or a machine's serial console (Ctrl-] leaves it).")
    .argument('[machine]', 'id or name: its serial console, in this terminal')
    .addOption(homeOption())
    .option('--log', "print what a machine's console said so far (default: the one launched last)")
    .addHelpText(
      'after',
      `
Examples:
  $ sudo ./brume console              the web console: a link that signs in, once
  $ sudo ./brume console web
  $ sudo ./brume console --log | tail`,
    )
    .action(async (machine: string | undefined, options: { home?: string; log?: boolean }) => {
      const home = resolveHome(options.home)
      const cloud = await requireCloud(home, context.launcher)
      if (machine === undefined && !options.log) return webOpen(cloud, context.launcher)
      const ec2 = await ec2Of(cloud)
      const instanceId = instanceChoose(await instancesAll(ec2), machine).InstanceId ?? ''
      if (options.log) {
        const { GetConsoleOutputCommand } = await import('@aws-sdk/client-ec2')
        const { Output } = await ec2.send(
          new GetConsoleOutputCommand({ InstanceId: instanceId, Latest: true }),
        )
        process.stdout.write(Buffer.from(Output ?? '', 'base64'))
        return
      }
      const socket = await open(join(home, 'instances', instanceId), instanceId)
      process.stderr.write(`Console of ${instanceId}; Ctrl-] leaves, Enter wakes it.\r\n`)
      await attach(socket)
    })
}

/** Prints the link; opens it too where this is somebody's own desktop. */
async function webOpen(cloud: Cloud, launcher: string): Promise<void> {
  const response = await send(cloud, 'POST', '/api/console/link', {}, LINK_TIMEOUT_MS)
  const { token } = (await response.json()) as { token: string }
  const link = `http://localhost:${cloud.port}/#link=${token}`
  process.stdout.write(`${link}\n`)
  const hasDesktop = Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'])
  const words = ['The web console. This link signs in once, within a minute.']
  if (process.env['SSH_CONNECTION'] !== undefined) {
    words.push(
      `From your own computer, first:  ssh -L ${cloud.port}:localhost:${cloud.port} <this host>`,
    )
  }
  words.push(`A machine's serial console:  ${launcher} console MACHINE`)
  process.stderr.write(`${words.join('\n')}\n`)
  if (!hasDesktop || isRoot() || !process.stdout.isTTY) return
  // A browser of root's would refuse to start; somebody without xdg-open has the link.
  await exec('xdg-open', [link]).catch(() => {})
}

function open(folder: string, instanceId: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath(folder, 'serial.sock'))
    socket.once('connect', () => resolve(socket))
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      const isForbidden = cause.code === 'EACCES' || cause.code === 'EPERM'
      reject(
        new CliError(
          isForbidden
            ? `The console of ${instanceId} belongs to another user.`
            : `${instanceId} has no live console (it is not running, or not on this host).`,
          {
            hints: isForbidden
              ? ['Run the same command with sudo.']
              : [`What it said last:  ./brume console ${instanceId} --log`],
            cause,
          },
        ),
      )
    })
  })
}

/** Joins terminal and socket until Ctrl-], the end of input, or the end of the machine. */
async function attach(socket: Socket): Promise<void> {
  const { stdin, stdout } = process
  const isTerminal = stdin.isTTY === true
  if (isTerminal) stdin.setRawMode(true)
  try {
    await new Promise<void>((resolve) => {
      stdin.on('data', (chunk: Buffer) => {
        const escape = isTerminal ? chunk.indexOf(ESCAPE_BYTE) : -1
        if (escape < 0) socket.write(chunk)
        else {
          socket.end(chunk.subarray(0, escape))
          resolve()
        }
      })
      stdin.once('end', () => socket.end())
      socket.on('data', (chunk) => stdout.write(chunk))
      socket.once('close', () => resolve())
      socket.once('error', () => resolve())
    })
  } finally {
    if (isTerminal) stdin.setRawMode(false)
    stdin.pause()
    socket.destroy()
    process.stderr.write('\r\n')
  }
}
