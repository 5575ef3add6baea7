/** The way from a hypervisor's address to its machines, by Debian's awscli on a daemon of a test. */
import { eventually } from '../eventually.ts'
import { aws as awsOn } from './aws.ts'
import type { Daemon } from './daemon.ts'

const MINUTE_MS = 60_000

export type Aws = <T = Record<string, string>>(...args: string[]) => Promise<T>

export const json = (value: unknown): string => JSON.stringify(value)

/** `daemon` is asked for at each use: it is there before the first test, not before the file is read. */
export const awsCli =
  (daemon: () => Daemon): Aws =>
  <T>(...args: string[]) =>
    awsOn<T>(daemon(), ...args)

export interface ListedMachine {
  Name: string
  ResourceArn: string
  HypervisorId: string
  HostName?: string
  Path?: string
  LastBackupDate?: number
}

/** Imported and associated with a gateway; ONLINE. @returns Its ARN. */
export async function hypervisorImport(aws: Aws, daemon: Daemon, host: string): Promise<string> {
  const { key } = await daemon.host.gatewayKey()
  const { GatewayArn } = await aws(
    ...['backup-gateway', 'create-gateway', '--gateway-type', 'BACKUP_VM'],
    ...['--gateway-display-name', 'lab', '--activation-key', key],
  )
  const { HypervisorArn } = await aws(
    ...['backup-gateway', 'import-hypervisor-configuration', '--name', 'kvm', '--host', host],
  )
  const server = ['--gateway-arn', GatewayArn!, '--server-arn', HypervisorArn!]
  await aws('backup-gateway', 'associate-gateway-to-server', ...server)
  const of = ['--hypervisor-arn', HypervisorArn!]
  await eventually(
    () => aws<{ Hypervisor: { State: string } }>('backup-gateway', 'get-hypervisor', ...of),
    ({ Hypervisor }) => Hypervisor.State === 'ONLINE',
    2 * MINUTE_MS,
  )
  return HypervisorArn!
}

/** One of its machines, once it is listed. */
export async function machineListed(
  aws: Aws,
  hypervisor: string,
  name: string,
): Promise<ListedMachine> {
  const of = ['--hypervisor-arn', hypervisor]
  await aws('backup-gateway', 'start-virtual-machines-metadata-sync', ...of)
  const { VirtualMachines } = await eventually(
    () =>
      aws<{ VirtualMachines: ListedMachine[] }>('backup-gateway', 'list-virtual-machines', ...of),
    (seen) => seen.VirtualMachines.some(({ Name }) => Name === name),
    2 * MINUTE_MS,
  )
  return VirtualMachines.find(({ Name }) => Name === name)!
}
