/**
 * `brume vnc`: a machine's screen. Serves its VNC socket on a local port for any viewer, or saves one picture
 * through the API (GetConsoleScreenshot), which also works from afar.
 */
import { writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { ec2Of, instanceChoose, instancesAll } from '../client.ts'
import { CliError } from '../errors.ts'
import { exists, requireCloud, resolveHome } from '../home.ts'
import { socketPath } from '../machine-socket.ts'
import { homeOption } from '../options.ts'
import type { VerbContext } from '../verb-context.ts'
import { parsePort } from './up.ts'

const CONNECTIONS_MAX = 4

export function command(context: VerbContext): Command {
  return new Command('vnc')
    .description("Shows a machine's screen: serves it to a VNC viewer, or saves a picture.")
    .argument('[machine]', 'id or name (default: the one launched last)')
    .addOption(homeOption())
    .option('--port <port>', 'local port for the viewer (default: a free one)', parsePort)
    .option('--screenshot <file>', 'save a picture (JPEG) instead')
    .addHelpText(
      'after',
      `
Examples:
  $ sudo ./brume vnc web                        then: vncviewer 127.0.0.1:PORT
  $ sudo ./brume vnc web --screenshot web.jpg`,
    )
    .action(
      async (
        machine: string | undefined,
        options: { home?: string; port?: number; screenshot?: string },
      ) => {
        const home = resolveHome(options.home)
        const cloud = await requireCloud(home, context.launcher)
        const ec2 = await ec2Of(cloud)
        const instanceId = instanceChoose(await instancesAll(ec2), machine).InstanceId ?? ''
        if (options.screenshot === undefined) {
          return serve(join(home, 'instances', instanceId), instanceId, options.port)
        }
        const { GetConsoleScreenshotCommand } = await import('@aws-sdk/client-ec2')
        const { ImageData } = await ec2.send(
          new GetConsoleScreenshotCommand({ InstanceId: instanceId, WakeUp: true }),
        )
        const path = resolve(options.screenshot)
        await writeFile(path, Buffer.from(ImageData ?? '', 'base64'))
        process.stdout.write(`${path}\n`)
      },
    )
}

/** Forwards a loopback port to the socket until Ctrl-C. */
async function serve(folder: string, instanceId: string, port: number | undefined): Promise<void> {
  const path = socketPath(folder, 'vnc.sock')
  if (!(await exists(path))) {
    throw new CliError(
      `${instanceId} has no screen socket (it is not running, or not on this host).`,
      {
        hints: [`A picture through the API:  ./brume vnc ${instanceId} --screenshot screen.jpg`],
      },
    )
  }
  const server = createServer((viewer) => {
    const screen = connect(path)
    viewer.pipe(screen).pipe(viewer)
    for (const [one, other] of [
      [viewer, screen],
      [screen, viewer],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port ?? 0, '127.0.0.1', resolve)
  })
  const address = server.address() as AddressInfo
  process.stdout.write(`Screen of ${instanceId} at 127.0.0.1:${address.port}; Ctrl-C ends it.\n`)
  await new Promise<void>((resolve) => process.once('SIGINT', () => resolve()))
  server.close()
  process.exit(0)
}
