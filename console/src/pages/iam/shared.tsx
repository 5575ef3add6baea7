/** What the pages of IAM share: asking, refreshing, tables, policies as text. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { wordsOf } from '../../aws/clients.ts'
import { queryClient } from '../../aws/collection.ts'
import { t } from '../../text/t.ts'
import { Card, Empty, Note } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { ask, type Question } from '../../ui/asking.tsx'
import { doing } from '../../ui/toasts.tsx'

export function useIam<T>(name: string, ask: () => Promise<T>) {
  return useQuery({ queryKey: ['iam', name], queryFn: ask, retry: false })
}

export const iamRefresh = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ['iam'] })

/** A change with its words; then everything is read again. */
export function iamChange(words: string, work: () => Promise<unknown>): Promise<unknown> {
  return doing(words, async () => {
    await work()
    await iamRefresh()
  })
}

/** The same for what does not come back: it is asked for first. */
export function iamAsk(
  title: string,
  words: string,
  work: () => Promise<unknown>,
  { label, done }: Partial<Pick<Question, 'label' | 'done'>> = {},
): void {
  const run = async (): Promise<void> => {
    await work()
    await iamRefresh()
  }
  ask({ title, words, ...(label && { label }), done: done ?? t('Deleted'), run })
}

export function Rows(props: {
  title: string
  error: Error | null
  head: readonly string[]
  actions?: ReactNode
  isEmpty: boolean
  children: ReactNode
}) {
  return (
    <Card title={props.title} isPlain actions={props.actions}>
      {props.error && <Note tone="warn">{wordsOf(props.error)}</Note>}
      {props.isEmpty && <Empty title={t('There are none yet')} />}
      {!props.isEmpty && (
        <PlainTable label={props.title} head={props.head}>
          {props.children}
        </PlainTable>
      )}
    </Card>
  )
}

/** IAM answers documents encoded as in addresses. */
export function pretty(encoded: string | undefined): string {
  try {
    return JSON.stringify(JSON.parse(decodeURIComponent(encoded ?? '')), null, 2)
  } catch {
    return encoded ?? ''
  }
}
