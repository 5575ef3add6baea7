/**
 * Test bench for the fabric: a file's tests run again inside a network and mount namespace of their own, where the
 * fabric may do as on a whole host and nothing outside is touched. A "guest" is a namespace whose interface QEMU
 * relays to the fabric's TAP, opened the way a machine opens it; what a guest does are ordinary programs.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { InterfacePlan, VpcNetworkPlan } from '../../src/domain/network-plan.ts'
import { namespaceOf, tapNameOf } from '../../src/domain/network-plan.ts'
import { exec } from '../../src/lib/exec.ts'

/** Guests' programs see nothing of the test's environment. */
const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
/** The host's resolver in the tests' world. */
export const RESOLVER = '192.0.2.53'
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
        ' mount -t tmpfs none /run/brume && ip link set lo up &&' +
        // A resolver of the host's that the test plays itself, at an address for documentation (RFC 5737).
        ` ip addr add ${RESOLVER}/32 dev lo && echo nameserver ${RESOLVER} >/run/brume/resolv.conf &&` +
        ' mount --bind /run/brume/resolv.conf /etc/resolv.conf && exec "$@"'
      const result = await exec(
        'unshare',
        [
          '--net',
          '--mount',
          // Whatever a failing test leaves running ends with it.
          '--pid',
          '--fork',
          '--kill-child',
          '--mount-proc',
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
  run(
    command: string,
    args: readonly string[],
    options?: { timeoutMs?: number; input?: string },
  ): Promise<string>
  /** Exit status 0 or not. */
  can(command: string, ...args: string[]): Promise<boolean>
  dhcp(): Promise<Record<string, string>>
  /** A real router solicitation and DHCPv6 exchange; what the server said. */
  dhcp6(): Promise<Record<string, string>>
  /** Takes the address as DHCPv6 would give it; the way out it learns from the router's advertisement. */
  ipv6(address: string): Promise<void>
  start(command: string, ...args: string[]): ChildProcessByStdio<Writable, Readable, Readable>
  /** Serves HTTP; `/cgi-bin/who` tells the caller's address. */
  serve(port: number): Promise<void>
  /** What `/cgi-bin/who` at the address answers, or null when nothing does within a second. */
  ask(address: string, port: number): Promise<string | null>
  stop(): Promise<void>
}

const WHO = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n%s' "$REMOTE_ADDR"
`

type RunWithInput = (
  command: string,
  args: readonly string[],
  options: { input: string },
) => Promise<string>

/** Asks `/cgi-bin/who` by way of `run`, which says from where. */
async function askFrom(run: RunWithInput, address: string, port: number): Promise<string | null> {
  const text = await run('busybox', ['nc', '-w', '1', address, String(port)], {
    input: 'GET /cgi-bin/who HTTP/1.0\r\n\r\n',
  }).catch(() => '')
  const body = /^HTTP\/1\.[01] 200 .*?\r\n\r\n(.*)$/s.exec(text)?.[1]
  return body?.replaceAll(/^\[?(?:::ffff:)?|[\]\n]/g, '') ?? null
}

/** From the test's own "host". */
export const askFromHost = (address: string, port: number): Promise<string | null> =>
  askFrom(
    async (command, args, options) => (await exec(command, args, { env: ENV, ...options })).stdout,
    address,
    port,
  )

export async function until(isTrue: () => Promise<boolean> | boolean, timeoutMs = 10_000) {
  const deadline = Date.now() + timeoutMs
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`not true within ${timeoutMs} ms: ${String(isTrue)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

let guests = 0

/** Plugs a guest into the TAP of `nic`, which the fabric made. */
export async function guestStart(plan: VpcNetworkPlan, nic: InterfacePlan): Promise<Guest> {
  const name = `guest${++guests}`
  const tap = tapNameOf(nic.interfaceId)
  const plug = `g${guests}`
  const folder = mkdtempSync(join(tmpdir(), 'brume-guest-'))
  const started: ChildProcess[] = []
  let isStopped = false
  const inside = ['netns', 'exec', name]
  await exec('ip', ['netns', 'add', name])
  const port = (id: string, link: string): string =>
    `tap,id=${id},ifname=${link},script=no,downscript=no`
  // prettier-ignore
  const qemu = spawn('nsenter', [
    `--net=/run/netns/${namespaceOf(plan.vpcId)}`,
    'qemu-system-x86_64', '-M', 'none', '-nodefaults', '-display', 'none',
    '-netdev', port('a', tap), '-netdev', 'hubport,id=c,hubid=0,netdev=a',
    '-netdev', port('b', plug), '-netdev', 'hubport,id=d,hubid=0,netdev=b',
  ])
  started.push(qemu)
  let stderr = ''
  qemu.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  await until(() => {
    if (qemu.exitCode !== null) throw new Error(`no guest: ${stderr}`)
    return exec('ip', [
      '-n',
      namespaceOf(plan.vpcId),
      'link',
      'set',
      plug,
      'netns',
      name,
      'name',
      'eth0',
    ]).then(
      () => true,
      () => false,
    )
  })
  await exec('ip', ['-n', name, '-batch', '-'], {
    input: `link set eth0 address ${nic.mac}\nlink set lo up\nlink set eth0 up\n`,
  })
  const run: Guest['run'] = async (command, args, options) =>
    (await exec('ip', [...inside, command, ...args], { timeoutMs: 10_000, env: ENV, ...options }))
      .stdout
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
    dhcp6: () => dhcp6(run, folder),
    ipv6: async (address) => {
      await run('ip', ['addr', 'add', `${address}/128`, 'dev', 'eth0', 'nodad'])
      const routes = () => run('ip', ['-6', 'route', 'show', 'default'])
      await until(async () => (await routes()).includes('proto ra'), 20_000)
    },
    start: (command, ...args) => {
      const child = spawn('ip', [...inside, command, ...args], { env: ENV })
      started.push(child)
      return child
    },
    serve: async (port) => {
      mkdirSync(join(folder, 'cgi-bin'), { recursive: true })
      writeFileSync(join(folder, 'cgi-bin/who'), WHO, { mode: 0o755 })
      const args = ['busybox', 'httpd', '-f', '-p', String(port), '-h', folder]
      started.push(spawn('ip', [...inside, ...args], { env: ENV }))
      await until(async () => (await run('busybox', ['netstat', '-ltn'])).includes(`:${port} `))
    },
    ask: (address, port) => askFrom(run, address, port),
    stop: async () => {
      if (isStopped) return
      isStopped = true
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
    'udhcpc',
    '-f',
    '-q',
    '-n',
    '-i',
    'eth0',
    '-s',
    script,
    '-t',
    '5',
    '-T',
    '1',
    '-O',
    'mtu',
    '-O',
    'ntpsrv',
    '-O',
    'domain',
    '-O',
    'hostname',
  ])
  return variablesOf(text)
}

function variablesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .map((line) => line.split(/=(.*)/s))
      .filter((parts) => parts.length > 1)
      .map((parts) => [parts[0]!, parts[1]!]),
  )
}

/** By dhcpcd, which names itself by its hardware address. */
async function dhcp6(run: Guest['run'], folder: string): Promise<Record<string, string>> {
  const [script, config] = [join(folder, 'lease6.sh'), join(folder, 'dhcpcd.conf')]
  const seen = join(folder, 'lease6')
  writeFileSync(script, `#!/bin/sh\n[ "$reason" = BOUND6 ] && env >${seen}\nexit 0\n`, {
    mode: 0o755,
  })
  writeFileSync(config, 'duid ll\noption dhcp6_name_servers\noption dhcp6_domain_search\n')
  rmSync(seen, { force: true })
  // What it remembers of other guests, whose file system this is too.
  rmSync('/var/lib/dhcpcd', { recursive: true, force: true })
  const args = ['-6', '-1', '-B', '-t', '15', '-f', config, '-c', script, 'eth0']
  await run('dhcpcd', args, { timeoutMs: 20_000 })
  return variablesOf(readFileSync(seen, 'utf8'))
}
