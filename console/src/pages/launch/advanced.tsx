/** What most launches leave as it is. */
import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { iam } from '../../aws/clients.ts'
import { useCollection } from '../../aws/collection.ts'
import { placementGroups } from '../../aws/ec2.ts'
import { t } from '../../text/t.ts'
import { Field, Note, NumberField, SelectField } from '../../ui/parts.tsx'
import { userDataCheck } from '../../util/user-data.ts'
import type { PartProps } from './part.ts'

export function Advanced({ draft, change }: PartProps) {
  const id = useId()
  const { data: groups = [] } = useCollection(placementGroups)
  const { data: profiles = [] } = useQuery({
    queryKey: ['instance-profiles'],
    retry: false,
    queryFn: async () => {
      const { ListInstanceProfilesCommand } = await import('@aws-sdk/client-iam')
      return (await (await iam()).send(new ListInstanceProfilesCommand({}))).InstanceProfiles ?? []
    },
  })
  const check = userDataCheck(draft.userData)
  return (
    <details className="card">
      <summary style={{ padding: '12px 16px', cursor: 'pointer', fontWeight: 640 }}>
        {t('Advanced details')}
      </summary>
      <div className="body stack">
        <div className="facts">
          <SelectField
            label={t('IAM instance profile')}
            value={draft.profile}
            onChange={(text) => change({ profile: text })}
          >
            <option value="">{t('None')}</option>
            {profiles.map((one) => (
              <option key={one.Arn} value={one.InstanceProfileName}>
                {one.InstanceProfileName}
              </option>
            ))}
          </SelectField>
          <SelectField
            label={t('Shutdown behaviour')}
            hint={t('When the guest powers itself off')}
            value={draft.shutdown}
            onChange={(text) => change({ shutdown: text as 'stop' | 'terminate' })}
          >
            <option value="stop">{t('Stop')}</option>
            <option value="terminate">{t('Terminate')}</option>
          </SelectField>
          <SelectField
            label={t('Placement group')}
            value={draft.placementGroup}
            onChange={(text) => change({ placementGroup: text })}
          >
            <option value="">{t('None')}</option>
            {groups.map((one) => (
              <option key={one.GroupId} value={one.GroupName}>
                {one.GroupName} ({one.Strategy})
              </option>
            ))}
          </SelectField>
          <SelectField
            label={t('Metadata version')}
            value={draft.areTokensRequired ? '2' : '1'}
            onChange={(text) => change({ areTokensRequired: text === '2' })}
          >
            <option value="2">{t('V2 only (token required)')}</option>
            <option value="1">{t('V1 and V2 (token optional)')}</option>
          </SelectField>
          <NumberField
            label={t('Metadata response hop limit')}
            isNarrow
            min={1}
            max={64}
            value={draft.hopLimit}
            onChange={(hopLimit) => change({ hopLimit })}
          />
        </div>
        <label className="check">
          <input
            type="checkbox"
            checked={draft.areMetadataTagsOn}
            onChange={(e) => change({ areMetadataTagsOn: e.target.checked })}
          />
          {t('Allow tags in metadata')}
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={draft.isProtected}
            onChange={(e) => change({ isProtected: e.target.checked })}
          />
          {t('Termination protection')}
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={draft.isHibernated}
            onChange={(e) => change({ isHibernated: e.target.checked })}
          />
          {t('Enable hibernation (the root volume must be encrypted)')}
        </label>
        <Field
          label={t('User data')}
          id={`${id}u`}
          hint={t('A script or cloud-config, run at the first boot')}
        >
          <textarea
            id={`${id}u`}
            className="input"
            spellCheck={false}
            placeholder={'#!/bin/sh\necho hello'}
            value={draft.userData}
            onChange={(e) => change({ userData: e.target.value })}
          />
        </Field>
        {check && <Note tone={check.isProblem ? 'warn' : 'good'}>{check.words}</Note>}
      </div>
    </details>
  )
}
