/**
 * What Auto Scaling asks of others: launch parameters read as RunInstances reads them (the edge knows AWS's words), and
 * target groups of load balancers. Both are handed in by whoever composes the program.
 */
import { FaultError } from '../../domain/faults.ts'
import type { InstanceId } from '../../domain/ids.ts'
import type { LaunchTemplateData } from '../../domain/launch-template.ts'
import type { Ctx } from '../context.ts'
import type { RunRequest } from '../instances/run-request.ts'

export interface Launches {
  /** Parameters as RunInstances has them, a launch template among them. @throws Faults. */
  requestOf(ctx: Ctx, parameters: LaunchTemplateData): Promise<RunRequest>
  /** What went wrong, in the words in which EC2 says it. */
  words(error: FaultError): string
}

export type TargetHealth = 'initial' | 'healthy' | 'unhealthy' | 'draining' | 'unused'

/** All of it may be asked again: what is so already stays so. */
export interface TargetGroups {
  /** @throws Fault when one does not exist. */
  mustExist(ctx: Ctx, targetGroupArns: readonly string[]): Promise<void>
  register(ctx: Ctx, targetGroupArn: string, ids: readonly InstanceId[]): Promise<void>
  /** Begins to take them out; while connections end their health is `draining`. */
  deregister(ctx: Ctx, targetGroupArn: string, ids: readonly InstanceId[]): Promise<void>
  health(
    ctx: Ctx,
    targetGroupArn: string,
    ids: readonly InstanceId[],
  ): Promise<ReadonlyMap<string, TargetHealth>>
}

/** Of a program without an edge: it can launch nothing. */
export const NO_LAUNCHES: Launches = {
  requestOf: async () => {
    throw new FaultError({ type: 'Unsupported', feature: 'launching from parameters' })
  },
  words: (error) => error.message,
}
