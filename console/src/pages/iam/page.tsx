/** Users, groups, roles and policies: who there is, what they may; users made with a password or a key. */
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateUserCommand,
  DeleteUserCommand,
  DetachUserPolicyCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupsCommand,
  ListPoliciesCommand,
  ListRolesCommand,
  ListUsersCommand,
  type User,
} from '@aws-sdk/client-iam'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState, type ReactNode } from 'react'
import { Link, useParams } from 'react-router'
import { iam, wordsOf } from '../../aws/clients.ts'
import { queryClient } from '../../aws/collection.ts'
import { t } from '../../text/t.ts'
import { Modal } from '../../ui/modal.tsx'
import {
  Button,
  Card,
  Code,
  Empty,
  InputField,
  Note,
  PageHead,
  SelectField,
} from '../../ui/parts.tsx'
import { doing } from '../../ui/toasts.tsx'
import { timeText } from '../../util/instance.ts'
import { PolicyText } from './policy-text.tsx'

const PARTS: readonly [string, string][] = [
  ['users', t('Users')],
  ['groups', t('Groups')],
  ['roles', t('Roles')],
  ['policies', t('Policies')],
]

export default function IamPage() {
  const { part = 'users' } = useParams()
  useEffect(() => {
    document.title = `${t('Users & policies')} · Brume`
  }, [])
  return (
    <div className="inner">
      <PageHead
        title={t('Users & policies')}
        subtitle={t('Identity and access management (IAM)')}
      />
      <nav className="tabs" aria-label={t('Parts')}>
        {PARTS.map(([name, label]) => (
          <Link
            key={name}
            to={`/console/iam/${name}`}
            {...(name === part ? { 'aria-current': 'page' as const } : {})}
          >
            {label}
          </Link>
        ))}
      </nav>
      {part === 'users' && <Users />}
      {part === 'groups' && <Groups />}
      {part === 'roles' && <Roles />}
      {part === 'policies' && <Policies />}
    </div>
  )
}

function useIam<T>(name: string, ask: () => Promise<T>) {
  return useQuery({ queryKey: ['iam', name], queryFn: ask, retry: false })
}

const refresh = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ['iam'] })

function Rows(props: {
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
      <div className="scroll-x">
        <table className="plain-table">
          {!props.isEmpty && (
            <thead>
              <tr>
                {props.head.map((name) => (
                  <th key={name}>{name}</th>
                ))}
              </tr>
            </thead>
          )}
          <tbody>{props.children}</tbody>
        </table>
      </div>
    </Card>
  )
}

function Users() {
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
        head={[t('Name'), t('ARN'), t('Made'), t('Last signed in'), '']}
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
            <td className="mono">{user.Arn}</td>
            <td>{timeText(user.CreateDate)}</td>
            <td>{timeText(user.PasswordLastUsed) || '–'}</td>
            <td className="nowrap">
              <Button isSmall onClick={() => setAbout(user)}>
                {t('Permissions and keys')}
              </Button>
            </td>
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
          await refresh()
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

const COMMON = ['AdministratorAccess', 'PowerUserAccess', 'ReadOnlyAccess', 'AmazonEC2FullAccess']

function UserModal({ user, onClose }: { user: User; onClose(): void }) {
  const { UserName = '' } = user
  const [made, setMade] = useState<string>()
  const [wanted, setWanted] = useState(COMMON[0]!)
  const { data = [] } = useIam(`policies of ${UserName}`, async () => {
    const answer = await (await iam()).send(new ListAttachedUserPoliciesCommand({ UserName }))
    return answer.AttachedPolicies ?? []
  })
  const change = (words: string, work: () => Promise<unknown>): void =>
    void doing(words, async () => {
      await work()
      await refresh()
    })
  const key = async (): Promise<void> => {
    const answer = await (await iam()).send(new CreateAccessKeyCommand({ UserName }))
    const { AccessKeyId, SecretAccessKey } = answer.AccessKey ?? {}
    setMade(
      `export AWS_ACCESS_KEY_ID=${AccessKeyId}\nexport AWS_SECRET_ACCESS_KEY=${SecretAccessKey}`,
    )
  }
  return (
    <Modal title={UserName} onClose={onClose} isWide>
      <h3>{t('Attached policies')}</h3>
      {data.length === 0 && (
        <p className="muted">{t('None: nothing is allowed, but what groups allow.')}</p>
      )}
      {data.map(({ PolicyName, PolicyArn }) => (
        <div key={PolicyArn} className="row between">
          <span>{PolicyName}</span>
          <Button
            isSmall
            onClick={() =>
              change(t('Detached'), async () =>
                (await iam()).send(new DetachUserPolicyCommand({ UserName, PolicyArn })),
              )
            }
          >
            {t('Detach')}
          </Button>
        </div>
      ))}
      <div className="row" style={{ alignItems: 'flex-end' }}>
        <div className="grow">
          <SelectField label={t("One of AWS's policies")} value={wanted} onChange={setWanted}>
            {COMMON.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
        </div>
        <Button
          onClick={() =>
            change(t('Attached'), async () =>
              (await iam()).send(
                new AttachUserPolicyCommand({
                  UserName,
                  PolicyArn: `arn:aws:iam::aws:policy/${wanted}`,
                }),
              ),
            )
          }
        >
          {t('Attach')}
        </Button>
      </div>
      <h3>{t('Access keys')}</h3>
      <div className="row">
        <Button onClick={() => change(t('The key is made'), key)}>{t('Create access key')}</Button>
        <Button
          look="danger"
          onClick={() =>
            change(t('Deleted'), async () => {
              await (await iam()).send(new DeleteUserCommand({ UserName }))
              onClose()
            })
          }
        >
          {t('Delete user')}
        </Button>
      </div>
      {made !== undefined && (
        <>
          <Note tone="warn">{t('The secret is shown only now.')}</Note>
          <Code text={made} label={t('Access key')} />
        </>
      )}
    </Modal>
  )
}

function Groups() {
  const { data, error } = useIam(
    'groups',
    async () => (await (await iam()).send(new ListGroupsCommand({ MaxItems: 1000 }))).Groups ?? [],
  )
  return (
    <Rows
      title={t('Groups')}
      error={error}
      head={[t('Name'), t('ARN'), t('Made')]}
      isEmpty={data?.length === 0}
    >
      {data?.map((group) => (
        <tr key={group.GroupId}>
          <td>{group.GroupName}</td>
          <td className="mono">{group.Arn}</td>
          <td>{timeText(group.CreateDate)}</td>
        </tr>
      ))}
    </Rows>
  )
}

function Roles() {
  const { data, error } = useIam(
    'roles',
    async () => (await (await iam()).send(new ListRolesCommand({ MaxItems: 1000 }))).Roles ?? [],
  )
  return (
    <Rows
      title={t('Roles')}
      error={error}
      head={[t('Name'), t('ARN'), t('Who may take it')]}
      isEmpty={data?.length === 0}
    >
      {data?.map((role) => (
        <tr key={role.RoleId}>
          <td>{role.RoleName}</td>
          <td className="mono">{role.Arn}</td>
          <td>
            <details>
              <summary>{t('Trust policy')}</summary>
              <pre className="small">{pretty(role.AssumeRolePolicyDocument)}</pre>
            </details>
          </td>
        </tr>
      ))}
    </Rows>
  )
}

export function pretty(encoded: string | undefined): string {
  try {
    return JSON.stringify(JSON.parse(decodeURIComponent(encoded ?? '')), null, 2)
  } catch {
    return encoded ?? ''
  }
}

function Policies() {
  const [scope, setScope] = useState<'Local' | 'AWS'>('Local')
  const { data, error } = useIam(`policies ${scope}`, async () => {
    const answer = await (
      await iam()
    ).send(new ListPoliciesCommand({ Scope: scope, MaxItems: 1000 }))
    return answer.Policies ?? []
  })
  return (
    <Rows
      title={scope === 'Local' ? t('Your policies') : t("AWS's policies")}
      error={error}
      head={[t('Name'), t('ARN'), t('Attached'), '']}
      isEmpty={data?.length === 0}
      actions={
        <Button isSmall onClick={() => setScope(scope === 'Local' ? 'AWS' : 'Local')}>
          {scope === 'Local' ? t("Show AWS's") : t('Show yours')}
        </Button>
      }
    >
      {data?.map((policy) => (
        <tr key={policy.Arn}>
          <td>{policy.PolicyName}</td>
          <td className="mono">{policy.Arn}</td>
          <td>{policy.AttachmentCount}</td>
          <td>
            <PolicyText arn={policy.Arn ?? ''} versionId={policy.DefaultVersionId ?? 'v1'} />
          </td>
        </tr>
      ))}
    </Rows>
  )
}
