/** What a prefix list stands for, in a plan. */
import { prefixListNow, type PrefixList } from '../../domain/prefix-list.ts'

export function blocksOf(
  listId: string,
  { prefixLists }: { prefixLists: ReadonlyMap<string, PrefixList> },
): string[] {
  const list = prefixLists.get(listId)
  return list ? prefixListNow(list).entries.map((entry) => entry.cidr) : []
}
