/**
 * The file by which a worker learns how its servers were: those that are known as its predecessor saw them, new ones
 * as down until one check succeeds. Without it each would count as healthy before anybody asked. Source: HAProxy's
 * management guide, "show servers state". Pure.
 */
import type { BalancerPlan } from '../domain/balancers/plan.ts'
import { backendOf } from './names.ts'

const HEAD =
  '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight' +
  ' srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state' +
  ' srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl' +
  ' srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n'

const keyOf = (backend: string, server: string): string => `${backend} ${server}`

/** `before`: what `show servers state` of the worker of now says; null: there is none. */
export function renderServerState(
  plan: BalancerPlan,
  before: string | null,
): { text: string; fresh: string[] } {
  const known = new Map<string, string>()
  for (const line of (before ?? '').split('\n')) {
    const cells = line.split(' ')
    if (cells.length > 20 && cells[0] !== '#') known.set(keyOf(cells[1]!, cells[3]!), line)
  }
  const zones: (string | null)[] =
    plan.type === 'application' || plan.isCrossZone ? [null] : plan.nodes.map(({ zone }) => zone)
  const lines: string[] = []
  const fresh: string[] = []
  for (const group of plan.groups) {
    if (!group.check.isEnabled) continue
    for (const zone of zones) {
      for (const { serverName, address, port } of group.targets) {
        const backend = backendOf(group.groupId, zone)
        const line = known.get(keyOf(backend, serverName))
        if (line !== undefined) {
          lines.push(line)
          continue
        }
        fresh.push(`${group.groupId} ${serverName}`)
        // One success lifts it: it stands one below the number that is asked.
        const health = group.check.healthyCount - 1
        const state = `0 0 1 1 0 1 0 ${health} 6 0 0 0`
        lines.push(`0 ${backend} 0 ${serverName} ${address} ${state} - ${port} - 0 0 - - 0`)
      }
    }
  }
  return { text: `${HEAD}${lines.join('\n')}\n`, fresh }
}
