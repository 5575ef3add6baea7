/** A type that could be recommended, and what speaks for it. */
import type { InstanceType } from '../instance-type.ts'
import type { Suit } from './workload.ts'

export interface Candidate {
  type: InstanceType
  suit: Suit
  /** Lower is better; in halvings of price. */
  score: number
  speed: number
}
