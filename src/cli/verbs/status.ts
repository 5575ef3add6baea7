/** `brume status`: is the cloud up, where, on what, and which machines it has. Exit code 3 when it is down. */
import { Command } from 'commander'
import type { Instance } from '@aws-sdk/client-ec2'
import { KINDS } from '../../domain/hypervisor-words.ts'
import type { HostAllocation } from '../../domain/allocation.ts'
import { ec2Of, instancesAll, nameOf } from '../client.ts'
import { EXIT } from '../errors.ts'
import { daemonLogPath, findCloud, findDaemon, resolveHome, type Cloud } from '../home.ts'
import { hostApi, type HostReport } from '../host-api.ts'
import { homeOption, jsonOption } from '../options.ts'
import { formatBytes, formatDuration, formatTable } from '../ui/format.ts'
import { isColoured, paint } from '../ui/terminal.ts'
import type { VerbContext } from '../verb-context.ts'

export function command(context: VerbContext): Command {
  return new Command('status')
    .description('Says whether the cloud is up, and lists its machines. Exit code 3 when down.')
    .addOption(homeOption())
    .addOption(jsonOption())
    .action(async (options: { home?: string; json?: boolean }) => {
      const home = resolveHome(options.home)
      const cloud = await findCloud(home)
      if (!cloud) {
        context.exit(EXIT.down)
        return sayDown(home, context, options.json ?? false)
      }
      const [host, allocations, instances] = await Promise.all([
        hostApi(cloud).host(),
        hostApi(cloud).allocation(),
        ec2Of(cloud).then(instancesAll),
      ])
      if (options.json) return sayJson(cloud, host, allocations, instances)
      process.stdout.write(`${renderStatus(cloud, host, allocations, instances)}\n`)
    })
}

async function sayDown(home: string, context: VerbContext, isJson: boolean): Promise<void> {
  const daemon = await findDaemon(home)
  const state = daemon ? 'unresponsive' : 'down'
  if (isJson) {
    process.stdout.write(`${JSON.stringify({ state, home }, null, 2)}\n`)
    return
  }
  if (!daemon) {
    process.stdout.write(`The cloud is down (home ${home}).\n  Start it:  ${context.launcher} up\n`)
    return
  }
  process.stdout.write(
    `The daemon (process ${daemon.pid}) is there but does not answer on port ${daemon.port}.\n` +
      `  Its log:  ${daemonLogPath(home)}\n`,
  )
}

function sayJson(
  cloud: Cloud,
  host: HostReport,
  allocations: readonly HostAllocation[],
  instances: readonly Instance[],
): void {
  const value = {
    state: 'up',
    endpoint: `http://localhost:${cloud.port}`,
    home: cloud.home,
    processId: cloud.daemon.pid,
    host,
    allocations,
    instances: instances.map((instance) => ({
      id: instance.InstanceId,
      name: nameOf(instance) || null,
      state: instance.State?.Name,
      type: instance.InstanceType,
      privateAddress: instance.PrivateIpAddress ?? null,
      publicAddress: instance.PublicIpAddress ?? null,
      launchedAt: instance.LaunchTime?.toISOString() ?? null,
    })),
  }
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** What is promised of what can be, and what to mind. */
function allocationLines(host: HostAllocation): string[] {
  const bytes = (mib: number): string => formatBytes(mib * 1024 * 1024)
  return [
    `  promise ${host.vcpusPromised} of ${host.vcpusOffered} vCPUs, ` +
      `${bytes(host.memoryPromisedMiB)} of ${bytes(host.memoryOfferedMiB)} of memory ` +
      `(${bytes(host.memoryReclaimableMiB)} of it untouched)`,
    ...host.warnings.map((warning) => `  !       ${warning}`),
  ]
}

export function renderStatus(
  cloud: Cloud,
  host: HostReport,
  allocations: readonly HostAllocation[],
  instances: readonly Instance[],
  now = Date.now(),
): string {
  const colour = isColoured(process.stdout)
  const { hypervisor, daemon } = host
  const words = KINDS[hypervisor.accelerator]
  const uptime = formatDuration(daemon.uptimeSeconds * 1000)
  const lines = [
    `${paint('green', '●', colour)} up at http://localhost:${cloud.port} for ${uptime}` +
      `  (Brume ${daemon.version}, process ${cloud.daemon.pid}, ${formatBytes(daemon.rssBytes)})`,
    `  home    ${cloud.home}, ${formatBytes(host.diskFreeBytes)} free`,
    `  host    ${host.cpuCount} CPUs, ${formatBytes(host.memoryMiB * 1024 * 1024)} of memory` +
      (host.isSimulated ? ' (simulated: nothing really boots)' : ''),
    `  driver  QEMU ${hypervisor.qemuVersion}, ${words}`,
    ...allocations.flatMap(allocationLines),
    ...(allocations.some(({ machines }) => machines.length > 0)
      ? ['          each machine:  ./brume host']
      : []),
    '',
  ]
  const live = instances.filter((i) => i.State?.Name !== 'terminated')
  if (live.length === 0) return [...lines, 'No machines. Start one:  ./brume run'].join('\n')
  const rows = live.map((instance) => [
    instance.InstanceId ?? '',
    nameOf(instance) || '-',
    instance.State?.Name ?? '',
    instance.InstanceType ?? '',
    instance.PublicIpAddress ?? '-',
    instance.PrivateIpAddress ?? '-',
    instance.LaunchTime ? `${formatDuration(now - instance.LaunchTime.getTime())} ago` : '-',
  ])
  const head = ['ID', 'NAME', 'STATE', 'TYPE', 'PUBLIC', 'PRIVATE', 'LAUNCHED']
  return [...lines, formatTable(head, rows, (text) => paint('bold', text, colour))].join('\n')
}
