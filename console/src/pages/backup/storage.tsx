/** What the vaults take on disk, against what lies in their points: each chunk is stored once. */
import { useQuery } from '@tanstack/react-query'
import { recoveryPoints, vaults } from '../../aws/backup.ts'
import { useCollection } from '../../aws/collection.ts'
import { vaultUsage } from '../../aws/host.ts'
import { t } from '../../text/t.ts'
import { Bar, Card } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { sizeText } from '../../util/instance.ts'

const STALE_MS = 60_000

export function Storage() {
  const { data: all = [] } = useCollection(vaults)
  const { data: points = [] } = useCollection(recoveryPoints)
  const names = all.map((one) => one.BackupVaultName ?? '')
  const { data } = useQuery({
    queryKey: ['vault usage', names, points.length],
    staleTime: STALE_MS,
    retry: false,
    enabled: names.length > 0,
    queryFn: async () =>
      new Map(
        await Promise.all(
          names.map(async (name) => [name, await vaultUsage(name).catch(() => null)] as const),
        ),
      ),
  })
  if (names.length === 0) return null
  return (
    <Card title={t('Storage')} isPlain>
      <PlainTable
        label={t('Storage')}
        head={[t('Vault'), t('Points'), t('In the points'), t('Stored'), t('Saved')]}
      >
        {names.map((name) => {
          const own = points.filter((one) => one.BackupVaultName === name)
          const bytes = own.reduce((sum, one) => sum + (one.BackupSizeInBytes ?? 0), 0)
          const used = data?.get(name)
          const stored = used?.storedBytes
          return (
            <tr key={name}>
              <td>{name}</td>
              <td>{own.length}</td>
              <td className="nowrap">{sizeText(bytes)}</td>
              <td className="nowrap">{stored === undefined ? '–' : sizeText(stored)}</td>
              <td style={{ minWidth: 160 }}>
                {stored !== undefined && bytes > 0 && <Saved bytes={bytes} stored={stored} />}
              </td>
            </tr>
          )
        })}
      </PlainTable>
    </Card>
  )
}

function Saved({ bytes, stored }: { bytes: number; stored: number }) {
  const saved = Math.max(0, 1 - stored / bytes)
  return (
    <div className="stack tight">
      <span>
        {t('{percent} %, {factor} times smaller', {
          percent: Math.round(saved * 100),
          factor: (bytes / Math.max(1, stored)).toFixed(1),
        })}
      </span>
      <Bar fraction={saved} />
    </div>
  )
}
