/** Inside of a recovery point: its disks and their folders; a file is downloaded by a click. */
import type { RecoveryPointByBackupVault } from '@aws-sdk/client-backup'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { idOfArn } from '../../aws/backup.ts'
import { wordsOf } from '../../aws/clients.ts'
import { fileDownload, filesRead, type FileEntry } from '../../aws/host.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Button, Note } from '../../ui/parts.tsx'
import { doing } from '../../ui/toasts.tsx'
import { visibleName } from '../../util/guest-text.ts'
import { sizeText, timeText } from '../../util/instance.ts'

export function Files(props: { point: RecoveryPointByBackupVault; onClose(): void }) {
  const { point, onClose } = props
  const { RecoveryPointArn = '' } = point
  const [parts, setParts] = useState<readonly string[]>([])
  const path = `/${parts.join('/')}`
  const { data, error, isFetching } = useQuery({
    queryKey: ['files', RecoveryPointArn, path],
    queryFn: () => filesRead(RecoveryPointArn, path),
    // A point does not change.
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  const get = (name: string): void =>
    void doing(t('{name} is on its way to your downloads', { name: visibleName(name) }), () =>
      fileDownload(RecoveryPointArn, `${path === '/' ? '' : path}/${name}`),
    )
  return (
    <Modal
      title={t('Files of {id}, {time}', {
        id: idOfArn(point.ResourceArn),
        time: timeText(point.CreationDate),
      })}
      onClose={onClose}
      isWide
    >
      <nav className="crumbs" aria-label={t('Folder')}>
        <Button look="link" onClick={() => setParts([])}>
          {t('Disks')}
        </Button>
        {parts.map((name, n) => (
          <span key={`${n}${name}`}>
            {' / '}
            <Button look="link" onClick={() => setParts(parts.slice(0, n + 1))}>
              {visibleName(name)}
            </Button>
          </span>
        ))}
      </nav>
      {error && <Note tone="bad">{wordsOf(error)}</Note>}
      {isFetching && (
        <p className="muted" role="status">
          {parts.length === 1
            ? t('A small machine starts to look into the disks; the first look takes a moment…')
            : t('Loading…')}
        </p>
      )}
      {data && (
        <Entries
          entries={data}
          onOpen={(name) => setParts([...parts, name])}
          onGet={parts.length > 0 ? get : undefined}
        />
      )}
    </Modal>
  )
}

const RANK: Readonly<Record<FileEntry['kind'], number>> = { folder: 0, file: 1, link: 1, other: 2 }

function Entries(props: {
  entries: readonly FileEntry[]
  onOpen(name: string): void
  onGet: ((name: string) => void) | undefined
}) {
  const { entries, onOpen, onGet } = props
  if (entries.length === 0) return <div className="empty">{t('This folder is empty.')}</div>
  const sorted = entries.toSorted(
    (a, b) => RANK[a.kind] - RANK[b.kind] || a.name.localeCompare(b.name, 'en'),
  )
  return (
    <div className="scroll-xy" tabIndex={0} role="region" aria-label={t('Files')}>
      <table className="plain-table">
        <thead>
          <tr>
            <th>{t('Name')}</th>
            <th>{t('Size')}</th>
            <th>{t('Changed')}</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((one) => (
            <tr key={one.name}>
              <td className="mono">
                {one.kind === 'folder' ? (
                  <Button look="link" onClick={() => onOpen(one.name)}>
                    {`${visibleName(one.name)}/`}
                  </Button>
                ) : one.kind === 'file' && onGet ? (
                  <Button
                    look="link"
                    aria-label={t('Download {name}', { name: visibleName(one.name) })}
                    onClick={() => onGet(one.name)}
                  >
                    {visibleName(one.name)}
                  </Button>
                ) : (
                  <span className="muted">{visibleName(one.name)}</span>
                )}
              </td>
              <td className="nowrap">{one.kind === 'other' ? '' : sizeText(one.sizeBytes)}</td>
              <td className="nowrap muted">
                {one.modifiedAt > 0 ? timeText(new Date(one.modifiedAt)) : ''}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
