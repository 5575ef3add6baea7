/**
 * What a busy account sends: half are looks at one instance, the rest tags, volumes, launches and ends, several at
 * once. The order is the same for every server.
 */
import { textsOf, type Parameters, type WireClient } from './wire-client.ts'

const AT_ONCE = 8

interface Load {
  client: WireClient
  launch: Parameters
  instanceIds: readonly string[]
  calls: number
}

/** A deck of twenty calls, dealt again and again. */
const DECK = [
  ...Array.from({ length: 10 }, () => 'describe' as const),
  ...Array.from({ length: 4 }, () => 'tag' as const),
  ...Array.from({ length: 3 }, () => 'volumes' as const),
  ...Array.from({ length: 2 }, () => 'run' as const),
  'terminate' as const,
]

/** Milliseconds of each call. */
export async function mixedLoad(load: Load): Promise<number[]> {
  const { client, launch, instanceIds, calls } = load
  const made: string[] = []
  const times: number[] = []
  let next = 0
  const one = async (n: number): Promise<void> => {
    const id = instanceIds[(n * 7919) % instanceIds.length]!
    // 7 and 20 have no common divisor: every card comes once in twenty.
    switch (DECK[(n * 7) % DECK.length]) {
      case 'describe':
        return void (await client.call('DescribeInstances', { 'InstanceId.1': id }))
      case 'tag': {
        const tag = { 'ResourceId.1': id, 'Tag.1.Key': 'load', 'Tag.1.Value': String(n) }
        return void (await client.call('CreateTags', tag))
      }
      case 'volumes': {
        const filter = { 'Filter.1.Name': 'attachment.instance-id', 'Filter.1.Value.1': id }
        return void (await client.call('DescribeVolumes', filter))
      }
      case 'run': {
        const xml = await client.call('RunInstances', { ...launch, MinCount: 1, MaxCount: 1 })
        return void made.push(textsOf(xml, 'instanceId')[0]!)
      }
      default: {
        const mine = made.shift()
        if (mine === undefined)
          return void (await client.call('DescribeInstances', { 'InstanceId.1': id }))
        return void (await client.call('TerminateInstances', { 'InstanceId.1': mine }))
      }
    }
  }
  const worker = async (): Promise<void> => {
    for (let n = next++; n < calls; n = next++) {
      const at = performance.now()
      await one(n)
      times.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return times
}
