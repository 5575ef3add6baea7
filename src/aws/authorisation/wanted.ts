/** What a request needs to be allowed: one entry for each action on each resource; all of them must be. */
import type { Ctx } from '../../app/context.ts'
import type { ResourcePolicy } from '../../domain/iam/evaluate.ts'

export interface Wanted {
  action: string
  resource: string
  /** The policy of the resource itself, which must agree: a key's. */
  resourcePolicy?: ResourcePolicy
  /** What a refusal calls the resource, where its own name is not the caller's to know. */
  shown?: string
  /** Condition keys of the resource and of the request, beside the global ones. */
  keys: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** Derives it from an operation and its input. */
export type Deriver = (
  ctx: Ctx,
  operation: string,
  input: Readonly<Record<string, unknown>>,
) => Promise<Wanted[]>

/** `Tags`, as most services write them: a list of pairs or a map. */
export function requestTagKeys(input: Readonly<Record<string, unknown>>): Wanted['keys'] {
  const { Tags: tags } = input
  const entries: [string, string][] = Array.isArray(tags)
    ? tags.map((tag: { Key?: string; Value?: string }) => [tag.Key ?? '', tag.Value ?? ''])
    : Object.entries((tags ?? {}) as Record<string, string>)
  const removed = Array.isArray(input.TagKeys) ? (input.TagKeys as string[]) : []
  const names = [...entries.map(([key]) => key), ...removed]
  if (names.length === 0) return {}
  const pairs = entries.map(([key, value]) => [`aws:RequestTag/${key}`, value] as const)
  return { ...Object.fromEntries(pairs), 'aws:TagKeys': names }
}
