/** `POST /api/recommend`: a question to the recommender as JSON, checked member by member before it is asked. */
import { z } from 'zod'
import { invalidValue } from '../domain/faults.ts'
import { TEXT_LENGTH_MAX, type Ask } from '../domain/recommend/read-ask.ts'

const amount = z.number().nonnegative().max(1e9)
const range = z.strictObject({ min: amount.optional(), max: amount.optional() })
const names = z.array(z.string().min(1).max(40)).min(1).max(400)
const presence = z.enum(['included', 'required', 'excluded'])

const schema = z.strictObject({
  text: z.string().max(TEXT_LENGTH_MAX).optional(),
  priority: z.enum(['cost', 'balanced', 'speed', 'host']).optional(),
  limit: z.number().int().min(1).max(50).optional(),
  requirements: z
    .strictObject({
      vcpus: range.optional(),
      memoryMiB: range.optional(),
      memoryGiBPerVcpu: range.optional(),
      architectures: names.optional(),
      cpuManufacturers: names.optional(),
      generations: z.array(z.enum(['current', 'previous'])).optional(),
      bareMetal: presence.optional(),
      burstable: presence.optional(),
      needsHibernation: z.boolean().optional(),
      networkInterfaces: range.optional(),
      networkGbps: range.optional(),
      localStorage: presence.optional(),
      localStorageTypes: names.optional(),
      localStorageGB: range.optional(),
      ebsMbps: range.optional(),
      ebsIops: range.optional(),
      ebsMBps: range.optional(),
      acceleratorKinds: z.union([z.literal('none'), names]).optional(),
      acceleratorCount: range.optional(),
      acceleratorVendors: names.optional(),
      acceleratorNames: names.optional(),
      acceleratorMiB: range.optional(),
      acceleratorMiBEach: range.optional(),
      usdPerHour: range.optional(),
      allowed: names.optional(),
      excluded: names.optional(),
    })
    .optional(),
})

/** @throws Fault `InvalidValue` that names the member. */
export function askOf(body: Buffer): Ask {
  let json: unknown
  try {
    json = JSON.parse(body.toString() || '{}')
  } catch (error) {
    throw invalidValue('body', '', `it is not JSON: ${(error as Error).message}`)
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data as Ask
  const [issue] = parsed.error.issues
  throw invalidValue(issue?.path.join('.') || 'body', '', issue?.message ?? 'it is malformed')
}
