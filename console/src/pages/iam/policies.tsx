/** Managed policies: read, written, changed by versions, deleted. */
import {
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  GetPolicyVersionCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
  type Policy,
} from '@aws-sdk/client-iam'
import { useState } from 'react'
import { iam } from '../../aws/clients.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Button, Code } from '../../ui/parts.tsx'
import { POLICY_START, PolicyEditor } from './policy-editor.tsx'
import { iamAsk, iamRefresh, pretty, Rows, useIam } from './shared.tsx'

/** AWS keeps so many of each. */
const VERSIONS_MAX = 5

export function Policies() {
  const [scope, setScope] = useState<'Local' | 'AWS'>('Local')
  const [isMaking, setMaking] = useState(false)
  const [about, setAbout] = useState<{ policy: Policy; text: string }>()
  const { data, error } = useIam(`policies ${scope}`, async () => {
    const input = { Scope: scope, MaxItems: 1000 }
    return (await (await iam()).send(new ListPoliciesCommand(input))).Policies ?? []
  })
  const open = async (policy: Policy): Promise<void> => {
    const input = { PolicyArn: policy.Arn, VersionId: policy.DefaultVersionId }
    const answer = await (await iam()).send(new GetPolicyVersionCommand(input))
    setAbout({ policy, text: pretty(answer.PolicyVersion?.Document) })
  }
  return (
    <>
      <Rows
        title={scope === 'Local' ? t('Your policies') : t("AWS's policies")}
        error={error}
        head={[t('Name'), t('Document'), t('Attached'), t('ARN')]}
        isEmpty={data?.length === 0}
        actions={
          <>
            <Button isSmall onClick={() => setScope(scope === 'Local' ? 'AWS' : 'Local')}>
              {scope === 'Local' ? t("Show AWS's") : t('Show yours')}
            </Button>
            <Button isSmall look="primary" onClick={() => setMaking(true)}>
              {t('Create policy')}
            </Button>
          </>
        }
      >
        {data?.map((policy) => (
          <tr key={policy.Arn}>
            <td>{policy.PolicyName}</td>
            <td className="nowrap">
              <Button isSmall onClick={() => void open(policy)}>
                {scope === 'Local' ? t('Read and change') : t('Read it')}
              </Button>
            </td>
            <td>{policy.AttachmentCount}</td>
            <td className="mono breaks">{policy.Arn}</td>
          </tr>
        ))}
      </Rows>
      {isMaking && (
        <PolicyEditor
          title={t('Create policy')}
          use="identity"
          text={POLICY_START}
          save={async (PolicyName, PolicyDocument) => {
            await (await iam()).send(new CreatePolicyCommand({ PolicyName, PolicyDocument }))
            await iamRefresh()
            setMaking(false)
          }}
          onClose={() => setMaking(false)}
        />
      )}
      {about && scope === 'AWS' && (
        <Modal title={about.policy.PolicyName ?? ''} isWide onClose={() => setAbout(undefined)}>
          <Code text={about.text} label={t('Policy')} />
        </Modal>
      )}
      {about && scope === 'Local' && (
        <Own policy={about.policy} text={about.text} onClose={() => setAbout(undefined)} />
      )}
    </>
  )
}

function Own({ policy, text, onClose }: { policy: Policy; text: string; onClose(): void }) {
  const { Arn: PolicyArn, PolicyName = '', AttachmentCount = 0 } = policy
  const [isEditing, setEditing] = useState(false)
  const versions = async () => {
    const client = await iam()
    const { Versions = [] } = await client.send(new ListPolicyVersionsCommand({ PolicyArn }))
    return Versions.filter((one) => !one.IsDefaultVersion)
  }
  const save = async (_name: string, PolicyDocument: string): Promise<void> => {
    const client = await iam()
    const others = await versions()
    if (others.length >= VERSIONS_MAX - 1) {
      const oldest = others.at(-1)?.VersionId
      await client.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: oldest }))
    }
    const input = { PolicyArn, PolicyDocument, SetAsDefault: true }
    await client.send(new CreatePolicyVersionCommand(input))
    await iamRefresh()
    onClose()
  }
  const remove = async (): Promise<void> => {
    const client = await iam()
    for (const { VersionId } of await versions()) {
      await client.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }))
    }
    await client.send(new DeletePolicyCommand({ PolicyArn }))
    onClose()
  }
  if (isEditing) {
    return (
      <PolicyEditor
        title={PolicyName}
        use="identity"
        name={PolicyName}
        text={text}
        save={save}
        onClose={onClose}
      />
    )
  }
  return (
    <Modal title={PolicyName} isWide onClose={onClose}>
      <Code text={text} label={t('Policy')} />
      <div className="row">
        <Button look="primary" onClick={() => setEditing(true)}>
          {t('Change it')}
        </Button>
        <Button
          look="danger"
          whyNot={AttachmentCount > 0 ? t('It is attached: detach it first') : undefined}
          onClick={() =>
            iamAsk(
              t('Delete {name}', { name: PolicyName }),
              t('It goes with all its versions.'),
              remove,
            )
          }
        >
          {t('Delete policy')}
        </Button>
      </div>
    </Modal>
  )
}
