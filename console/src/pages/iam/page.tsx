/** Users, groups, roles and policies: who there is, and what they may. */
import { useEffect } from 'react'
import { useParams } from 'react-router'
import { t } from '../../text/t.ts'
import { PageHead } from '../../ui/parts.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Groups, Roles } from './groups-roles.tsx'
import { Policies } from './policies.tsx'
import { Users } from './users.tsx'

const PARTS = [
  ['users', t('Users'), Users],
  ['groups', t('Groups'), Groups],
  ['roles', t('Roles'), Roles],
  ['policies', t('Policies'), Policies],
] as const

export default function IamPage() {
  const { part = 'users' } = useParams()
  const [, , Part] = PARTS.find(([name]) => name === part) ?? PARTS[0]
  useEffect(() => {
    document.title = `${t('Users & policies')} · Brume`
  }, [])
  return (
    <div className="inner">
      <PageHead
        title={t('Users & policies')}
        subtitle={t('Identity and access management (IAM)')}
      />
      <Tabs
        label={t('Parts')}
        entries={PARTS}
        current={part}
        to={(name) => `/console/iam/${name}`}
      />
      <Part />
    </div>
  )
}
