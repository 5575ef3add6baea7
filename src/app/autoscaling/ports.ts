/** What stands in for the ports of Auto Scaling (app/context.ts) in a program that hands none in. */
import { FaultError } from '../../domain/faults.ts'
import type { Launches } from '../context.ts'

/** Of a program without an edge: it can launch nothing. */
export const NO_LAUNCHES: Launches = {
  requestOf: async () => {
    throw new FaultError({ type: 'Unsupported', feature: 'launching from parameters' })
  },
  words: (error) => error.message,
}
