/**
 * Sockets inside a VPC's namespace, owned by this process: a short-lived helper binds them there and passes the
 * handles. Peers keep their private addresses, so whoever serves knows which guest asks.
 */
import type { Socket } from 'node:dgram'
import type { Server } from 'node:net'
import { extname, join } from 'node:path'
import { assert } from '../lib/assert.ts'
import { spawnHelper } from '../lib/exec.ts'
import { NAMESPACE_FOLDER } from './names.ts'
import type { HelperJob, HelperMessage } from './namespace-helper.ts'

/** Starting a Node process on a busy machine may take a second. */
const HELPER_TIMEOUT_MS = 20_000

/** Forwarding, proxy ARP, no reverse-path check, no redirects: what makes a namespace our router. */
export const NAMESPACE_SWITCHES: HelperJob['switches'] = {
  'net/ipv4/ip_forward': '1',
  'net/ipv4/conf/default/proxy_arp': '1',
  'net/ipv4/conf/*/proxy_arp': '1',
  'net/ipv4/neigh/*/proxy_delay': '0',
  'net/ipv4/conf/all/rp_filter': '0',
  'net/ipv4/conf/default/rp_filter': '0',
  'net/ipv4/conf/*/rp_filter': '0',
  'net/ipv4/conf/all/send_redirects': '0',
  'net/ipv4/conf/default/send_redirects': '0',
  'net/ipv4/conf/all/route_localnet': '0',
}

/** A new namespace has no IPv6. */
export const IPV6_OFF: HelperJob['switches'] = {
  'net/ipv6/conf/all/disable_ipv6': '1',
  'net/ipv6/conf/default/disable_ipv6': '1',
}

/** Until its VPC has: a router that learns nothing from guests, with no address that it was not given. */
export const IPV6_ON: HelperJob['switches'] = {
  'net/ipv6/conf/default/addr_gen_mode': '1',
  'net/ipv6/conf/*/addr_gen_mode': '1',
  'net/ipv6/conf/all/accept_ra': '0',
  'net/ipv6/conf/default/accept_ra': '0',
  'net/ipv6/conf/*/accept_ra': '0',
  'net/ipv6/conf/all/accept_redirects': '0',
  'net/ipv6/conf/default/accept_redirects': '0',
  'net/ipv6/conf/all/disable_ipv6': '0',
  'net/ipv6/conf/default/disable_ipv6': '0',
  'net/ipv6/conf/all/forwarding': '1',
}

/** Sets the switches and returns the job's sockets, in order. @throws Error when the namespace refuses one. */
export function runInNamespace(namespace: string, job: HelperJob): Promise<(Server | Socket)[]> {
  const script = join(import.meta.dirname, `namespace-helper${extname(import.meta.filename)}`)
  const path = join(NAMESPACE_FOLDER, namespace)
  return new Promise((resolve, reject) => {
    const child = spawnHelper(
      'nsenter',
      [`--net=${path}`, process.execPath, script, JSON.stringify(job)],
      // Nothing of our environment is the helper's business.
      { env: { PATH: process.env['PATH'] } },
    )
    const handles: (Server | Socket)[] = []
    let failure: string | null = null
    const timer = setTimeout(() => {
      failure ??= `no answer within ${HELPER_TIMEOUT_MS} ms`
      child.kill('SIGKILL')
    }, HELPER_TIMEOUT_MS)
    child.on('message', (message: HelperMessage, handle) => {
      if (message.type === 'failed') failure = message.reason
      else handles[message.at] = handle as Server | Socket
    })
    const finish = (reason: string | null): void => {
      clearTimeout(timer)
      const problem = failure ?? reason
      if (problem === null) return resolve(handles)
      for (const handle of handles) handle?.close()
      reject(new Error(`sockets in ${namespace}: ${problem}`))
    }
    child.once('error', (error) => finish(error.message))
    // The channel's end comes after its last message; the exit may come before it.
    let exitCode: number | null | undefined
    let isDisconnected = false
    const end = (): void => {
      if (exitCode === undefined || !isDisconnected) return
      if (exitCode !== 0) return finish(`helper ended with ${exitCode}`)
      finish(handles.length === job.sockets.length ? null : 'helper ended early')
    }
    child.once('exit', (code) => {
      exitCode = code
      end()
    })
    child.once('disconnect', () => {
      isDisconnected = true
      end()
    })
  })
}

export async function listenTcp(
  namespace: string,
  at: { address: string; port: number },
): Promise<Server> {
  const [server] = await runInNamespace(namespace, {
    switches: {},
    sockets: [{ protocol: 'tcp', ...at }],
  })
  assert(server !== undefined, 'one socket asked, one got')
  return server as Server
}

export async function bindUdp(
  namespace: string,
  at: { address: string; port: number },
): Promise<Socket> {
  const [socket] = await runInNamespace(namespace, {
    switches: {},
    sockets: [{ protocol: 'udp', ...at }],
  })
  assert(socket !== undefined, 'one socket asked, one got')
  return socket as Socket
}
