/**
 * Test bench for the fabric: a file's tests run again inside a network and mount namespace of their own, where the
 * fabric may do as on a whole host and nothing outside is touched. A "guest" is a namespace whose interface QEMU
 * relays to the fabric's TAP, opened the way a machine opens it; what a guest does are ordinary programs.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { InterfacePlan, VpcNetworkPlan } from '../../src/domain/network-plan.ts'
import { namespaceOf, tapNameOf } from '../../src/domain/network-plan.ts'
import { exec } from '../../src/lib/exec.ts'

const ISOLATED = 'BRUME_TEST_ISOLATED'

/** Runs `body` as tests inside namespaces of their own; outside it is one test that shows their report. */
export function describeIsolated(title: string, url: string, body: () => void): void {
  if (process.env[ISOLATED] === '1') return void describe(title, body)
  const isRoot = process.getuid?.() === 0
  describe.runIf(isRoot)(title, () => {
    test('in a network namespace of its own', { timeout: 300_000 }, async () => {
      const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
      const setup =
        'mount --make-rprivate / && mkdir -p /run/netns /run/brume && mount -t tmpfs none /run/netns &&' +
        ' mount -t tmpfs none /run/brume && ip link set lo up && exec "$@"'
      const result = await exec(
        'unshare',
        [
          '--net',
          '--mount',
          'sh',
          '-c',
          setup,
          'sh',
          process.execPath,
          vitest,
          'run',
          fileURLToPath(url),
        ],
        { env: { ...process.env, [ISOLATED]: '1', NO_COLOR: '1' }, timeoutMs: 280_000 },
      ).catch((error: { stdout?: string; stderr?: string }) => ({ ...error, failed: true }))
      const report = `${result.stdout ?? ''}${result.stderr ?? ''}`
      if ('failed' in result) expect.fail(report)
      console.log(report)
    })
  })
}

export interface Guest {
  name: string
  nic: InterfacePlan
  /** Runs a program in the guest; its output, or throws. */
  run(command: string, args: readonly string[], options?: { timeoutMs?: number }): Promise<string>
  /** Exit status 0 or not. */
  can(command: string, ...args: string[]): Promise<boolean>
  dhcp(): Promise<Record<string, string>>
  start(command: string, ...args: string[]): ChildProcess
  stop(): Promise<void>
}

let guests = 0

/** Plugs a guest into the TAP of `nic`, which the fabric made. */
export async function guestStart(plan: VpcNetworkPlan, nic: InterfacePlan): Promise<Guest> {
  const name = `guest${++guests}`
  const tap = tapNameOf(nic.interfaceId)
  const plug = `g${guests}`
  const folder = mkdtempSync(join(tmpdir(), 'brume-guest-'))
  const started: ChildProcess[] = []
  const inside = ['netns', 'exec', name]
  await exec('ip', ['netns', 'add', name])
  const qemu = spawn('nsenter', [
    `--net=/run/netns/${namespaceOf(plan.vpcId)}`,
    ...['qemu-system-x86_64', '-M', 'none', '-nodefaults', '-display', 'none'],
    ...['-netdev', `tap,id=a,ifname=${tap},script=no,downscript=no`],
    ...['-netdev', `tap,id=b,ifname=${plug},script=no,downscript=no`],
    ...['-netdev', 'hubport,id=c,hubid=0,netdev=a', '-netdev', 'hubport,id=d,hubid=0,netdev=b'],
  ])
  started.push(qemu)
  let stderr = ''
  qemu.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const deadline = Date.now() + 10_000
  for (;;) {
    const moved = await exec('ip', [
      ...['-n', namespaceOf(plan.vpcId), 'link', 'set', plug, 'netns', name, 'name', 'eth0'],
    ]).then(
      () => true,
      () => false,
    )
    if (moved) break
    if (Date.now() > deadline || qemu.exitCode !== null) throw new Error(`no guest: ${stderr}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await exec('ip', ['-n', name, '-batch', '-'], {
    input: `link set eth0 address ${nic.mac}\nlink set lo up\nlink set eth0 up\n`,
  })
  const run: Guest['run'] = async (command, args, options) =>
    (await exec('ip', [...inside, command, ...args], { timeoutMs: 10_000, ...options })).stdout
  return {
    name,
    nic,
    run,
    can: (command, ...args) =>
      run(command, args).then(
        () => true,
        () => false,
      ),
    dhcp: () => dhcp(run, folder),
    start: (command, ...args) => {
      const child = spawn('ip', [...inside, command, ...args])
      started.push(child)
      return child
    },
    stop: async () => {
      await Promise.all(started.map(end))
      await exec('ip', ['netns', 'delete', name])
      rmSync(folder, { recursive: true })
    },
  }
}

export function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

/** A real DHCP exchange by busybox; applies the address and the route, returns what the server said. */
async function dhcp(run: Guest['run'], folder: string): Promise<Record<string, string>> {
  const script = join(folder, 'lease.sh')
  writeFileSync(
    script,
    `#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip address replace "$ip/$mask" dev "$interface" && ip route replace default via "$router"
env
`,
    { mode: 0o755 },
  )
  const text = await run('busybox', [
    ...['udhcpc', '-f', '-q', '-n', '-i', 'eth0', '-s', script, '-t', '5', '-T', '1'],
    ...['-O', 'mtu', '-O', 'ntpsrv', '-O', 'domain', '-O', 'hostname'],
  ])
  return Object.fromEntries(
    text
      .split('\n')
      .map((line) => line.split(/=(.*)/s))
      .filter((parts) => parts.length > 1)
      .map((parts) => [parts[0]!, parts[1]!]),
  )
}
