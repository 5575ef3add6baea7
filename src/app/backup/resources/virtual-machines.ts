/**
 * Virtual machines that the Backup gateway knows. Those of other hypervisors are read by a host through a connector,
 * within one session for the whole machine; those that are instances of this Brume go the way of instances.
 */
import { bandwidthAt, tagsOfMachine, type GatewayMachine } from '../../../domain/gateway.ts'
import { instanceArn } from '../../../domain/backup/arn.ts'
import type { BackupJob, RecoveryPoint } from '../../../domain/backup/records.ts'
import { OWN_HOST } from '../../../domain/hypervisor-address.ts'
import type { StoreReader, StoreTransaction } from '../../../store/store.ts'
import type { App, Ctx } from '../../context.ts'
import { arnOf, arnParse } from '../../gateway/find.ts'
import { gatewaysOf } from '../../gateway/gateways.ts'
import { anyHost } from '../background.ts'
import { invalidParameter, reasonOf } from '../faults.ts'
import { foreignOf, isOwn } from './foreign-machine.ts'
import type { BackedResource, BackupReady, ResourceHandler, Scope } from './handler.ts'
import { instanceHandler } from './instances.ts'
import {
  machineRestore,
  machineRestoreCheck,
  machineRestoreMetadata,
  machineTestMetadata,
} from './virtual-machine-restore.ts'

const idOf = (arn: string): string | undefined => {
  const parsed = arnParse(arn)
  return parsed?.kind === 'gatewayMachine' ? parsed.id : undefined
}

const resourceOf = (machine: GatewayMachine): BackedResource => ({
  arn: arnOf('gatewayMachine', machine),
  type: 'VirtualMachine',
  name: machine.name,
  tags: tagsOfMachine(machine),
})

async function machineOf(
  reader: StoreReader,
  scope: Scope,
  arn: string,
): Promise<GatewayMachine | undefined> {
  const machine = await reader.get('gatewayMachine', idOf(arn) ?? '')
  const isThere = machine?.account === scope.account && machine.region === scope.region
  return isThere && machine.goneAt === null ? machine : undefined
}

/** The same job, of the instance that the machine is. */
const asInstance = (job: BackupJob, instanceId: string): BackupJob => ({
  ...job,
  resourceArn: instanceArn({ ...job, id: instanceId }),
})

export const virtualMachineHandler: ResourceHandler = {
  type: 'VirtualMachine',
  options: { WindowsVSS: ['enabled', 'disabled'] },
  owns: (arn) => idOf(arn) !== undefined,
  select: async (app, scope) => {
    const machines = await app.store.list('gatewayMachine', scope)
    return machines.filter(({ goneAt }) => goneAt === null).map(resourceOf)
  },
  find: async (reader, scope, arn) => {
    const machine = await machineOf(reader, scope, arn)
    return machine && resourceOf(machine)
  },
  begin,
  describe,
  end: async (tx, job, result) => {
    const machine = await tx.get('gatewayMachine', idOf(job.resourceArn) ?? '')
    if (machine && result !== null) {
      const lastBackupAt = job.startedAt ?? job.createdAt
      await tx.update('gatewayMachine', { ...machine, lastBackupAt })
    }
    const isOfInstance = job.frozen && isOwn(job.frozen)
    return isOfInstance ? instanceHandler.end(tx, job, result) : null
  },
  baselineDrop: async (tx, point) => {
    if (isOwn(point)) await instanceHandler.baselineDrop(tx, point)
  },
  restoreMetadata: machineRestoreMetadata,
  testMetadata: machineTestMetadata,
  restoreCheck: machineRestoreCheck,
  restore: machineRestore,
  validate: (ctx, job) => instanceHandler.validate!(ctx, job),
  discard: (ctx, job) => instanceHandler.discard!(ctx, job),
}

/** Backups of machines of one hypervisor, so that it does not take the room of all others. */
const AT_ONCE_OF_ONE = 2

async function begin(ctx: Ctx, tx: StoreTransaction, job: BackupJob) {
  const machine = await machineOf(tx, ctx, job.resourceArn)
  const hypervisor = machine && (await tx.get('hypervisor', machine.hypervisorId))
  if (!machine || !hypervisor) {
    throw invalidParameter(`The virtual machine ${job.resourceArn} does not exist.`)
  }
  const { state, reason } = hypervisor.seen
  if (state === 'ERROR') {
    throw invalidParameter(`The hypervisor ${hypervisor.name} is in the state ERROR: ${reason}`)
  }
  // It may come back within the start window.
  if (state !== 'ONLINE') return `It waits for the hypervisor ${hypervisor.name}, which is ${state}`
  if (hypervisor.host.toLowerCase() === OWN_HOST) {
    return instanceHandler.begin(ctx, tx, asInstance(job, machine.machineId))
  }
  // Those that are under way share its line.
  const underWay = { reference: { name: 'hypervisor', value: hypervisor.id } }
  if ((await tx.count('backupJob', underWay)) >= AT_ONCE_OF_ONE) {
    return `It waits for other backups from the hypervisor ${hypervisor.name} to end`
  }
  const { machineId, name, hostName, path } = machine
  const description = {
    resourceType: 'VirtualMachine',
    resourceArn: job.resourceArn,
    tags: tagsOfMachine(machine),
    machine: { machineId, name, hostName, path, hypervisorId: hypervisor.id },
  }
  return { batch: null, disks: [], basePointId: null, description }
}

async function describe(
  app: App,
  job: BackupJob,
  base: RecoveryPoint | undefined,
): Promise<BackupReady> {
  if (job.frozen && isOwn(job.frozen)) {
    const { instanceId } = job.frozen.description.instance as { instanceId: string }
    return instanceHandler.describe(app, asInstance(job, instanceId), base)
  }
  const machine = await app.store.get('gatewayMachine', idOf(job.resourceArn) ?? '')
  const hypervisor = machine && (await app.store.get('hypervisor', machine.hypervisorId))
  if (!machine || !hypervisor) {
    return { state: 'failed', reason: 'the virtual machine is gone', isFinal: true }
  }
  let foreign
  try {
    foreign = await foreignOf(app, hypervisor.id)
  } catch (error) {
    return { state: 'failed', reason: reasonOf(error), isFinal: false }
  }
  const isQuiesced = job.options.WindowsVSS !== 'disabled'
  const token = base?.token ?? null
  const { description } = job.frozen!
  return {
    state: 'ready',
    task: {
      host: anyHost(app),
      bandwidthMax: await bandwidthOf(app, hypervisor.id),
      work: {
        type: 'backup',
        // Without what its connector remembers nothing is known of the difference.
        basePointId: token === null ? null : base!.id,
        disks: [],
        foreign: { ...foreign, machineId: machine.machineId, token, isQuiesced },
        description,
      },
    },
  }
}

/** What the gateway's schedule allows at the moment; of several gateways, the widest. */
async function bandwidthOf(app: App, hypervisorId: string): Promise<number | null> {
  const gateways = await gatewaysOf(app.store, hypervisorId)
  const now = app.clock.now()
  const limits = gateways.map(({ bandwidth }) => bandwidthAt(bandwidth, now))
  const finite = limits.filter((limit) => limit !== null)
  return finite.length < limits.length || finite.length === 0 ? null : Math.max(...finite)
}
