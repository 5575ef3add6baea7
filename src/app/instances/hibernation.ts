/**
 * Which instances may hibernate, as EC2 has it: said at launch, on types that can, with an encrypted root volume that
 * has room for their memory. Here it is the host that saves the memory (hypervisor/qemu/hibernate.ts), so no guest
 * needs an agent for it. Source: EC2 user guide, "Prerequisites for EC2 instance hibernation".
 */
import { FaultError } from '../../domain/faults.ts'
import { instanceStateOf, type Instance } from '../../domain/instance.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import type { InstanceType } from '../../domain/instance-type.ts'
import { encryptionPlan } from '../volumes/encryption.ts'
import type { PlannedVolume } from './run-volumes.ts'

/** "Less than 150 GiB". */
const MEMORY_MIB_MAX = 150 * 1024

/** @throws Fault `HibernationUnsupported` with the first demand that is not met. */
export async function hibernationChecked(
  ctx: Ctx,
  reader: StoreReader,
  type: InstanceType,
  root: PlannedVolume,
): Promise<void> {
  if (!type.hasHibernation) throw unsupported(`the instance type ${type.name} cannot hibernate`)
  if (type.memoryMiB >= MEMORY_MIB_MAX) throw unsupported('it has 150 GiB of memory or more')
  const { isEncrypted } = await encryptionPlan(ctx, reader, root.encryption, root.snapshot)
  if (!isEncrypted) throw unsupported('the root volume is not encrypted')
  if (root.sizeGiB * 1024 < type.memoryMiB) {
    throw unsupported(`the root volume is smaller than the memory of ${type.name}`)
  }
}

/** @throws Faults unless the instance was launched for it and runs. */
export function mayHibernate(instance: Instance): void {
  if (!instance.spec.isHibernationEnabled) {
    throw unsupported(`the instance ${instance.id} is not enabled for hibernation`)
  }
  const state = instanceStateOf(instance)
  if (state === 'running') return
  const fault = { type: 'IncorrectState', kind: 'instance', id: instance.id, state } as const
  throw new FaultError({ ...fault, operation: 'hibernate' })
}

function unsupported(reason: string): FaultError {
  return new FaultError({ type: 'HibernationUnsupported', reason })
}
