/** AWS Backup: what is protected and what is not, plans, jobs, points and their restores, other hypervisors. */
import { useEffect } from 'react'
import { useParams } from 'react-router'
import { t } from '../../text/t.ts'
import { PageHead } from '../../ui/parts.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Jobs } from './jobs.tsx'
import { Elsewhere } from './elsewhere.tsx'
import { Overview } from './overview.tsx'
import { Plans } from './plans.tsx'
import { Points } from './points.tsx'
import { Tests } from './tests.tsx'
import { Vaults } from './vaults.tsx'

const PARTS = [
  ['overview', t('Overview'), Overview],
  ['plans', t('Plans'), Plans],
  ['points', t('Recovery points'), Points],
  ['jobs', t('Jobs'), Jobs],
  ['tests', t('Restore tests'), Tests],
  ['vaults', t('Vaults'), Vaults],
  ['elsewhere', t('Other hypervisors'), Elsewhere],
] as const

export default function BackupPage() {
  const { part = 'overview' } = useParams()
  const [, , Part] = PARTS.find(([name]) => name === part) ?? PARTS[0]
  useEffect(() => {
    document.title = `${t('Backup')} · Brume`
  }, [])
  return (
    <div className="inner">
      <PageHead
        title={t('Backup')}
        subtitle={t('Machines and volumes as they were, and back again')}
      />
      <Tabs
        label={t('Parts')}
        entries={PARTS}
        current={part}
        to={(name) => `/console/backup/${name}`}
      />
      <Part />
    </div>
  )
}
