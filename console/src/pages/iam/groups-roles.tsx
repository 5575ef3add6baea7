/** Groups and roles: made here, what they may, who may take a role. */
import {
  CreateGroupCommand,
  CreateRoleCommand,
  DeleteGroupCommand,
  DeleteRoleCommand,
  GetGroupCommand,
  ListGroupsCommand,
  ListRolesCommand,
  RemoveUserFromGroupCommand,
  UpdateAssumeRolePolicyCommand,
  type Role,
} from '@aws-sdk/client-iam'
import { useState } from 'react'
import { iam } from '../../aws/clients.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Button, InputField } from '../../ui/parts.tsx'
import { timeText } from '../../util/instance.ts'
import { Permissions, permissionsClear } from './permissions.tsx'
import { PolicyEditor, TRUST_START } from './policy-editor.tsx'
import { iamAsk, iamRefresh, pretty, Rows, useIam } from './shared.tsx'

export function Groups() {
  const { data, error } = useIam(
    'groups',
    async () => (await (await iam()).send(new ListGroupsCommand({ MaxItems: 1000 }))).Groups ?? [],
  )
  const [name, setName] = useState<string>()
  const [about, setAbout] = useState<string>()
  return (
    <>
      <Rows
        title={t('Groups')}
        error={error}
        head={[t('Name'), t('Change'), t('Made'), t('ARN')]}
        isEmpty={data?.length === 0}
        actions={
          <Button look="primary" isSmall onClick={() => setName('')}>
            {t('Create group')}
          </Button>
        }
      >
        {data?.map(({ GroupId, GroupName, Arn, CreateDate }) => (
          <tr key={GroupId}>
            <td>{GroupName}</td>
            <td className="nowrap">
              <Button isSmall onClick={() => setAbout(GroupName)}>
                {t('Permissions and members')}
              </Button>
            </td>
            <td>{timeText(CreateDate)}</td>
            <td className="mono breaks">{Arn}</td>
          </tr>
        ))}
      </Rows>
      {name !== undefined && (
        <Modal
          title={t('Create group')}
          onClose={() => setName(undefined)}
          submit={{
            label: t('Create group'),
            whyNot: name.trim() ? undefined : t('A name is needed'),
            run: async () => {
              await (await iam()).send(new CreateGroupCommand({ GroupName: name.trim() }))
              await iamRefresh()
              setName(undefined)
            },
          }}
        >
          <InputField label={t('Name')} value={name} onChange={setName} />
        </Modal>
      )}
      {about !== undefined && <GroupModal name={about} onClose={() => setAbout(undefined)} />}
    </>
  )
}

function GroupModal({ name: GroupName, onClose }: { name: string; onClose(): void }) {
  const { data } = useIam(`members of ${GroupName}`, async () => {
    const answer = await (await iam()).send(new GetGroupCommand({ GroupName }))
    return answer.Users ?? []
  })
  const remove = async (): Promise<void> => {
    const client = await iam()
    await permissionsClear({ GroupName })
    for (const { UserName } of data ?? []) {
      await client.send(new RemoveUserFromGroupCommand({ UserName, GroupName }))
    }
    await client.send(new DeleteGroupCommand({ GroupName }))
    onClose()
  }
  return (
    <Modal title={GroupName} onClose={onClose} isWide>
      <Permissions holder={{ GroupName }} />
      <h3>{t('Members')}</h3>
      <p>
        {data?.map((one) => one.UserName).join(', ') || (
          <span className="muted">{t('None: a user’s own page puts it into groups.')}</span>
        )}
      </p>
      <div>
        <Button
          look="danger"
          onClick={() =>
            iamAsk(
              t('Delete {name}', { name: GroupName }),
              t('Its members stay, without what they were allowed by it.'),
              remove,
            )
          }
        >
          {t('Delete group')}
        </Button>
      </div>
    </Modal>
  )
}

export function Roles() {
  const { data, error } = useIam(
    'roles',
    async () => (await (await iam()).send(new ListRolesCommand({ MaxItems: 1000 }))).Roles ?? [],
  )
  const [isMaking, setMaking] = useState(false)
  const [about, setAbout] = useState<Role>()
  return (
    <>
      <Rows
        title={t('Roles')}
        error={error}
        head={[t('Name'), t('Change'), t('Made'), t('ARN')]}
        isEmpty={data?.length === 0}
        actions={
          <Button look="primary" isSmall onClick={() => setMaking(true)}>
            {t('Create role')}
          </Button>
        }
      >
        {data?.map((role) => (
          <tr key={role.RoleId}>
            <td>{role.RoleName}</td>
            <td className="nowrap">
              <Button isSmall onClick={() => setAbout(role)}>
                {t('Permissions and trust')}
              </Button>
            </td>
            <td>{timeText(role.CreateDate)}</td>
            <td className="mono breaks">{role.Arn}</td>
          </tr>
        ))}
      </Rows>
      {isMaking && (
        <PolicyEditor
          title={t('Create role: who may take it')}
          use="trust"
          text={TRUST_START}
          save={async (RoleName, AssumeRolePolicyDocument) => {
            const input = { RoleName, AssumeRolePolicyDocument }
            await (await iam()).send(new CreateRoleCommand(input))
            await iamRefresh()
            setMaking(false)
          }}
          onClose={() => setMaking(false)}
        />
      )}
      {about && <RoleModal role={about} onClose={() => setAbout(undefined)} />}
    </>
  )
}

function RoleModal({ role, onClose }: { role: Role; onClose(): void }) {
  const { RoleName = '' } = role
  const [isEditing, setEditing] = useState(false)
  const remove = async (): Promise<void> => {
    await permissionsClear({ RoleName })
    await (await iam()).send(new DeleteRoleCommand({ RoleName }))
    onClose()
  }
  return (
    <Modal title={RoleName} onClose={onClose} isWide>
      <Permissions holder={{ RoleName }} />
      <h3>{t('Who may take it')}</h3>
      <pre className="small">{pretty(role.AssumeRolePolicyDocument)}</pre>
      <div className="row wrap">
        <Button onClick={() => setEditing(true)}>{t('Change who may take it')}</Button>
        <Button
          look="danger"
          onClick={() =>
            iamAsk(
              t('Delete {name}', { name: RoleName }),
              t('What works under it, machines too, may nothing any more.'),
              remove,
            )
          }
        >
          {t('Delete role')}
        </Button>
      </div>
      {isEditing && (
        <PolicyEditor
          title={t('Who may take {name}', { name: RoleName })}
          use="trust"
          name={RoleName}
          text={pretty(role.AssumeRolePolicyDocument)}
          save={async (_name, PolicyDocument) => {
            const input = { RoleName, PolicyDocument }
            await (await iam()).send(new UpdateAssumeRolePolicyCommand(input))
            await iamRefresh()
            onClose()
          }}
          onClose={() => setEditing(false)}
        />
      )}
    </Modal>
  )
}
