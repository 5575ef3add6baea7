/** What a user, a group or a role may: managed policies that are attached to it, and policies of its own. */
import {
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  DeleteGroupPolicyCommand,
  DeleteRolePolicyCommand,
  DeleteUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  GetGroupPolicyCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupPoliciesCommand,
  ListPoliciesCommand,
  ListRolePoliciesCommand,
  ListUserPoliciesCommand,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { useId, useState } from 'react'
import { iam } from '../../aws/clients.ts'
import { t } from '../../text/t.ts'
import { Button, InputField } from '../../ui/parts.tsx'
import { POLICY_START, PolicyEditor } from './policy-editor.tsx'
import { iamAsk, iamChange, pretty, useIam } from './shared.tsx'

export type Holder =
  | { UserName: string; GroupName?: never; RoleName?: never }
  | { GroupName: string; UserName?: never; RoleName?: never }
  | { RoleName: string; UserName?: never; GroupName?: never }

/** The same calls under three names. */
const calls = {
  attached: async (h: Holder) => {
    const client = await iam()
    if (h.UserName)
      return client.send(new ListAttachedUserPoliciesCommand({ UserName: h.UserName }))
    if (h.GroupName) {
      return client.send(new ListAttachedGroupPoliciesCommand({ GroupName: h.GroupName }))
    }
    return client.send(new ListAttachedRolePoliciesCommand({ RoleName: h.RoleName }))
  },
  inline: async (h: Holder) => {
    const client = await iam()
    if (h.UserName) return client.send(new ListUserPoliciesCommand({ UserName: h.UserName }))
    if (h.GroupName) return client.send(new ListGroupPoliciesCommand({ GroupName: h.GroupName }))
    return client.send(new ListRolePoliciesCommand({ RoleName: h.RoleName }))
  },
  attach: async (h: Holder, PolicyArn: string) => {
    const client = await iam()
    if (h.UserName) return client.send(new AttachUserPolicyCommand({ ...h, PolicyArn }))
    if (h.GroupName) return client.send(new AttachGroupPolicyCommand({ ...h, PolicyArn }))
    return client.send(new AttachRolePolicyCommand({ RoleName: h.RoleName, PolicyArn }))
  },
  detach: async (h: Holder, PolicyArn: string) => {
    const client = await iam()
    if (h.UserName) return client.send(new DetachUserPolicyCommand({ ...h, PolicyArn }))
    if (h.GroupName) return client.send(new DetachGroupPolicyCommand({ ...h, PolicyArn }))
    return client.send(new DetachRolePolicyCommand({ RoleName: h.RoleName, PolicyArn }))
  },
  read: async (h: Holder, PolicyName: string) => {
    const client = await iam()
    if (h.UserName) return client.send(new GetUserPolicyCommand({ ...h, PolicyName }))
    if (h.GroupName) return client.send(new GetGroupPolicyCommand({ ...h, PolicyName }))
    return client.send(new GetRolePolicyCommand({ RoleName: h.RoleName, PolicyName }))
  },
  put: async (h: Holder, PolicyName: string, PolicyDocument: string) => {
    const client = await iam()
    const policy = { PolicyName, PolicyDocument }
    if (h.UserName) return client.send(new PutUserPolicyCommand({ ...h, ...policy }))
    if (h.GroupName) return client.send(new PutGroupPolicyCommand({ ...h, ...policy }))
    return client.send(new PutRolePolicyCommand({ RoleName: h.RoleName, ...policy }))
  },
  remove: async (h: Holder, PolicyName: string) => {
    const client = await iam()
    if (h.UserName) return client.send(new DeleteUserPolicyCommand({ ...h, PolicyName }))
    if (h.GroupName) return client.send(new DeleteGroupPolicyCommand({ ...h, PolicyName }))
    return client.send(new DeleteRolePolicyCommand({ RoleName: h.RoleName, PolicyName }))
  },
}

/** So that the holder can go: it must hold nothing. */
export async function permissionsClear(holder: Holder): Promise<void> {
  const { AttachedPolicies = [] } = await calls.attached(holder)
  for (const { PolicyArn = '' } of AttachedPolicies) await calls.detach(holder, PolicyArn)
  const { PolicyNames = [] } = await calls.inline(holder)
  for (const name of PolicyNames) await calls.remove(holder, name)
}

export function Permissions({ holder }: { holder: Holder }) {
  const id = useId()
  const key = JSON.stringify(holder)
  const [wanted, setWanted] = useState('')
  const [edited, setEdited] = useState<{ name?: string; text: string }>()
  const { data } = useIam(`permissions ${key}`, async () => {
    const [attached, inline] = await Promise.all([calls.attached(holder), calls.inline(holder)])
    return { attached: attached.AttachedPolicies ?? [], inline: inline.PolicyNames ?? [] }
  })
  const { data: all = [] } = useIam('all policies', async () => {
    const answer = await (await iam()).send(new ListPoliciesCommand({ MaxItems: 1000 }))
    return answer.Policies ?? []
  })
  const found = all.find(({ PolicyName, Arn }) => PolicyName === wanted || Arn === wanted)
  const edit = async (name: string): Promise<void> => {
    const { PolicyDocument } = await calls.read(holder, name)
    setEdited({ name, text: pretty(PolicyDocument) })
  }
  return (
    <div className="stack">
      <h3>{t('Attached policies')}</h3>
      {data?.attached.length === 0 && <p className="muted">{t('None is attached.')}</p>}
      {data?.attached.map(({ PolicyName, PolicyArn = '' }) => (
        <div key={PolicyArn} className="row between">
          <span>{PolicyName}</span>
          <Button
            isSmall
            aria-label={t('Detach {name}', { name: PolicyName ?? '' })}
            onClick={() =>
              iamAsk(
                t('Detach {name}', { name: PolicyName ?? '' }),
                t('What only it allows is refused from then on.'),
                () => calls.detach(holder, PolicyArn),
                { label: t('Detach'), done: t('Detached') },
              )
            }
          >
            {t('Detach')}
          </Button>
        </div>
      ))}
      <div className="row" style={{ alignItems: 'flex-end' }}>
        <div className="grow">
          <InputField
            label={t('A policy of yours, or one of AWS’s')}
            list={`${id}all`}
            placeholder="AmazonEC2FullAccess"
            value={wanted}
            onChange={setWanted}
          />
          <datalist id={`${id}all`}>
            {all.map(({ Arn, PolicyName }) => (
              <option key={Arn} value={PolicyName} />
            ))}
          </datalist>
        </div>
        <Button
          whyNot={found ? undefined : t('There is no policy of this name')}
          onClick={() =>
            void iamChange(t('Attached'), () => calls.attach(holder, found?.Arn ?? '')).then(() =>
              setWanted(''),
            )
          }
        >
          {t('Attach')}
        </Button>
      </div>
      <h3>{t('Policies of its own')}</h3>
      {data?.inline.map((name) => (
        <div key={name} className="row between">
          <Button look="link" onClick={() => void iamChange(t('Read'), () => edit(name))}>
            {name}
          </Button>
          <Button
            isSmall
            aria-label={t('Delete {name}', { name })}
            onClick={() =>
              iamAsk(t('Delete {name}', { name }), t('It is written nowhere else.'), () =>
                calls.remove(holder, name),
              )
            }
          >
            {t('Delete')}
          </Button>
        </div>
      ))}
      <div>
        <Button onClick={() => setEdited({ text: POLICY_START })}>{t('Write a policy')}</Button>
      </div>
      {edited && (
        <PolicyEditor
          title={edited.name ?? t('Write a policy')}
          use="identity"
          text={edited.text}
          {...(edited.name === undefined ? {} : { name: edited.name })}
          save={async (name, text) => {
            await calls.put(holder, name, text)
            await iamChange(t('Saved'), async () => {})
            setEdited(undefined)
          }}
          onClose={() => setEdited(undefined)}
        />
      )}
    </div>
  )
}
