/** Which queues a kernel has: tried in a network namespace that ends with the command, so nothing is left or seen. */
import type { exec } from '../lib/exec.ts'
import type { Queueing } from './render/shaping.ts'

const TIMEOUT_MS = 15_000

/** The most that it can of them. Modules that are not loaded yet are loaded by the kernel as they are tried. */
export async function queueingOf(run: typeof exec): Promise<Queueing> {
  const can = (command: string, lines: readonly string[]): Promise<boolean> => {
    const option = command === 'nft' ? '-f' : '-batch'
    const options = { timeoutMs: TIMEOUT_MS, input: `${lines.join('\n')}\n` }
    return run('unshare', ['--net', command, option, '-'], options).then(
      () => true,
      () => false,
    )
  }
  const queueOf = (leaf: string): string[] => [
    'qdisc add dev lo root handle 1: htb default 10',
    'class add dev lo parent 1: classid 1:10 htb rate 1mbit quantum 1514',
    `qdisc add dev lo parent 1:10 handle 10: ${leaf}`,
    'qdisc add dev lo clsact',
    'filter add dev lo egress protocol all pref 1 u32 match u32 0 0 action mirred egress redirect dev lo',
  ]
  const guardOf = (rule: string): string[] => [
    'table netdev probe {',
    '  chain guard {',
    '    type filter hook ingress device "lo" priority 0; policy accept;',
    `    ${rule}`,
    '    fwd to "lo"',
    '  }',
    '}',
  ]
  const flow = 'ip saddr . ip daddr . th sport . th dport'
  const byFlow = `meta priority set jhash ${flow} mod 4 seed 0x6272756d offset 65552`
  const [hasLinks, hasFlows, hasClasses, canHandOver, canChoose] = await Promise.all([
    can('ip', ['link add probe type ifb']),
    can('tc', queueOf('fq_codel')),
    can('tc', queueOf('bfifo limit 65536')),
    can('nft', guardOf('meta priority set 1:10')),
    can('nft', guardOf(`meta l4proto { tcp, udp } ${byFlow}`)),
  ])
  if (!hasLinks || !canHandOver) return 'none'
  if (hasFlows) return 'flows'
  return hasClasses && canChoose ? 'classes' : 'none'
}
