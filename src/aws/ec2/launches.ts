/** What Auto Scaling needs of EC2's edge: parameters read as RunInstances reads them, faults in EC2's words. */
import type { RunInstancesRequest } from '@aws-sdk/client-ec2'
import type { Launches } from '../../app/context.ts'
import { ec2Error } from './faults.ts'
import { runRequestOf } from './run-request.ts'

export const ec2Launches: Launches = {
  requestOf: (ctx, parameters) =>
    runRequestOf(ctx, { ...(parameters as object) } as RunInstancesRequest),
  words: ({ fault }) => ec2Error(fault).message,
}
