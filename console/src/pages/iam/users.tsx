/** Users: made with a password, their groups, permissions and access keys. */
import {
  AddUserToGroupCommand,
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteLoginProfileCommand,
  DeleteUserCommand,
  ListAccessKeysCommand,
  ListGroupsCommand,
  ListGroupsForUserCommand,
  ListUsersCommand,
  RemoveUserFromGroupCommand,
  UpdateAccessKeyCommand,
  type User,
} from '@aws-sdk/client-iam'
import { useState } from 'react'
import { codeOf, iam } from '../../aws/clients.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import { Button, Code, InputField, Note, State } from '../../ui/parts.tsx'
import { timeText } from '../../util/instance.ts'
import { Permissions, permissionsClear } from './permissions.tsx'
import { iamAsk, iamChange, iamRefresh, Rows, useIam } from './shared.tsx'

export function Users() {
  const { data, error } = useIam(
    'users',
    async () => (await (await iam()).send(new ListUsersCommand({ MaxItems: 1000 }))).Users ?? [],
  )
  const [isMaking, setMaking] = useState(false)
  const [about, setAbout] = useState<User>()
  return (
    <>
      <Rows
        title={t('Users')}
        error={error}
        head={[t('Name'), t('Change'), t('Made'), t('Last signed in'), t('ARN')]}
        isEmpty={data?.length === 0}
        actions={
          <Button look="primary" isSmall onClick={() => setMaking(true)}>
            {t('Create user')}
          </Button>
        }
      >
        {data?.map((user) => (
          <tr key={user.UserId}>
            <td>{user.UserName}</td>
            <td className="nowrap">
              <Button isSmall onClick={() => setAbout(user)}>
                {t('Permissions and keys')}
              </Button>
            </td>
            <td>{timeText(user.CreateDate)}</td>
            <td>{timeText(user.PasswordLastUsed) || '–'}</td>
            <td className="mono breaks">{user.Arn}</td>
          </tr>
        ))}
      </Rows>
      {isMaking && <MakeUser onClose={() => setMaking(false)} />}
      {about && <UserModal user={about} onClose={() => setAbout(undefined)} />}
    </>
  )
}

function MakeUser({ onClose }: { onClose(): void }) {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const UserName = name.trim()
  return (
    <Modal
      title={t('Create user')}
      onClose={onClose}
      submit={{
        label: t('Create user'),
        whyNot: UserName ? undefined : t('A name is needed'),
        run: async () => {
          const client = await iam()
          await client.send(new CreateUserCommand({ UserName }))
          if (password) {
            const login = { UserName, Password: password, PasswordResetRequired: true }
            await client.send(new CreateLoginProfileCommand(login))
          }
          await iamRefresh()
          onClose()
        },
      }}
    >
      <InputField label={t('Name')} autoComplete="off" value={name} onChange={setName} />
      <InputField
        label={t('First password (optional)')}
        hint={t('With one the person can sign in here, and has to choose another at once')}
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
      />
    </Modal>
  )
}

function UserModal({ user, onClose }: { user: User; onClose(): void }) {
  const { UserName = '' } = user
  return (
    <Modal title={UserName} onClose={onClose} isWide>
      <Permissions holder={{ UserName }} />
      <Memberships userName={UserName} />
      <Keys userName={UserName} />
      <div>
        <Button
          look="danger"
          onClick={() =>
            iamAsk(
              t('Delete {name}', { name: UserName }),
              t('Its password, keys and own policies go with it.'),
              async () => {
                await userDelete(UserName)
                onClose()
              },
            )
          }
        >
          {t('Delete user')}
        </Button>
      </div>
    </Modal>
  )
}

/** A user goes when it holds nothing any more: AWS's own console takes it all away too. */
async function userDelete(UserName: string): Promise<void> {
  const client = await iam()
  await permissionsClear({ UserName })
  const { Groups = [] } = await client.send(new ListGroupsForUserCommand({ UserName }))
  for (const { GroupName } of Groups) {
    await client.send(new RemoveUserFromGroupCommand({ UserName, GroupName }))
  }
  const { AccessKeyMetadata = [] } = await client.send(new ListAccessKeysCommand({ UserName }))
  for (const { AccessKeyId } of AccessKeyMetadata) {
    await client.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }))
  }
  await client.send(new DeleteLoginProfileCommand({ UserName })).catch((error: unknown) => {
    if (!codeOf(error).startsWith('NoSuchEntity')) throw error
  })
  await client.send(new DeleteUserCommand({ UserName }))
}

function Memberships({ userName: UserName }: { userName: string }) {
  const { data } = useIam(`groups of ${UserName}`, async () => {
    const client = await iam()
    const [all, own] = await Promise.all([
      client.send(new ListGroupsCommand({ MaxItems: 1000 })),
      client.send(new ListGroupsForUserCommand({ UserName })),
    ])
    const names = new Set(own.Groups?.map((one) => one.GroupName))
    return (all.Groups ?? []).map(({ GroupName = '' }) => ({
      GroupName,
      isIn: names.has(GroupName),
    }))
  })
  const change = (GroupName: string, isIn: boolean): void =>
    void iamChange(isIn ? t('Added') : t('Removed'), async () => {
      const input = { UserName, GroupName }
      const client = await iam()
      return isIn
        ? client.send(new AddUserToGroupCommand(input))
        : client.send(new RemoveUserFromGroupCommand(input))
    })
  return (
    <div className="stack tight">
      <h3>{t('Groups')}</h3>
      {data?.length === 0 && <p className="muted">{t('There are none yet')}</p>}
      {data?.map(({ GroupName, isIn }) => (
        <label key={GroupName} className="check">
          <input
            type="checkbox"
            checked={isIn}
            onChange={({ target }) => change(GroupName, target.checked)}
          />
          {GroupName}
        </label>
      ))}
    </div>
  )
}

function Keys({ userName: UserName }: { userName: string }) {
  const [made, setMade] = useState<string>()
  const { data } = useIam(`keys of ${UserName}`, async () => {
    const answer = await (await iam()).send(new ListAccessKeysCommand({ UserName }))
    return answer.AccessKeyMetadata ?? []
  })
  const make = async (): Promise<void> => {
    const answer = await (await iam()).send(new CreateAccessKeyCommand({ UserName }))
    const { AccessKeyId, SecretAccessKey } = answer.AccessKey ?? {}
    setMade(
      `export AWS_ACCESS_KEY_ID=${AccessKeyId}\nexport AWS_SECRET_ACCESS_KEY=${SecretAccessKey}`,
    )
  }
  return (
    <div className="stack tight">
      <h3>{t('Access keys')}</h3>
      {data?.map(({ AccessKeyId = '', Status, CreateDate }) => (
        <div key={AccessKeyId} className="row between wrap">
          <span className="mono">{AccessKeyId}</span>
          <State name={Status?.toLowerCase()} />
          <span className="muted small">{timeText(CreateDate)}</span>
          <span className="row">
            <Button
              isSmall
              onClick={() =>
                void iamChange(t('Changed'), async () =>
                  (await iam()).send(
                    new UpdateAccessKeyCommand({
                      UserName,
                      AccessKeyId,
                      Status: Status === 'Active' ? 'Inactive' : 'Active',
                    }),
                  ),
                )
              }
            >
              {Status === 'Active' ? t('Switch off') : t('Switch on')}
            </Button>
            <Button
              isSmall
              look="danger"
              onClick={() =>
                iamAsk(
                  t('Delete {name}', { name: AccessKeyId }),
                  t(
                    'Programs that use it are refused from then on. Switched off, it can come back.',
                  ),
                  async () =>
                    (await iam()).send(new DeleteAccessKeyCommand({ UserName, AccessKeyId })),
                )
              }
            >
              {t('Delete')}
            </Button>
          </span>
        </div>
      ))}
      <div>
        <Button onClick={() => void iamChange(t('The key is made'), make)}>
          {t('Create access key')}
        </Button>
      </div>
      {made !== undefined && (
        <>
          <Note tone="warn">{t('The secret is shown only now.')}</Note>
          <Code text={made} label={t('Access key')} />
        </>
      )}
    </div>
  )
}
