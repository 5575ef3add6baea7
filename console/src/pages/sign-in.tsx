/** Signing in: as an IAM user by password, with an access key, or into an account of an open cloud. */
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { wordsOf } from '../aws/clients.ts'
import type { CloudInfo } from '../aws/http.ts'
import { nameOfArn, sessionEnd, type Session } from '../aws/session.ts'
import { signedIn, signInByKey, signInByPassword, signInOpen } from '../aws/sign-in.ts'
import { t } from '../text/t.ts'
import { Button, InputField, Note } from '../ui/parts.tsx'
import { remember, remembered } from '../util/remember.ts'

type Way = 'password' | 'key' | 'open'

/**
 * Over the page of a session that has lapsed: nothing of it is seen or reached, and all of it is there when the same
 * person signs in. Whoever else does gets a page of their own.
 */
export function SignInAgain({ info, lapsed }: { info: CloudInfo; lapsed: Session }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  const who = lapsed.base ?? lapsed
  return (
    <dialog
      ref={dialog}
      className="sign-in-again"
      aria-label={t('Sign in again')}
      // Nothing but a session opens what lies beneath it.
      onCancel={(event) => event.preventDefault()}
      onClose={() => dialog.current?.showModal()}
    >
      <SignIn info={info} wrong={undefined}>
        <Note tone="warn">
          {t('The session of {name} has ended. Sign in again: your page is as you left it.', {
            name: nameOfArn(who.arn),
          })}
        </Note>
        <Button look="link" onClick={sessionEnd}>
          {t('Leave it: what was typed is lost')}
        </Button>
      </SignIn>
    </dialog>
  )
}

export function SignIn(props: {
  info: CloudInfo
  wrong: string | undefined
  children?: ReactNode
}) {
  const { info, wrong, children } = props
  const ways: [Way, string][] =
    info.auth === 'open'
      ? [['open', t('Open cloud')]]
      : [
          ['password', t('IAM user')],
          ['key', t('Access key')],
        ]
  const [way, setWay] = useState<Way>(ways[0]![0])
  return (
    <main className="sign-in">
      <div className="stack" style={{ alignItems: 'center', width: '100%' }}>
        <div className="brand">
          <img src="/icon.svg" alt="" /> Brume
        </div>
        <section className="card">
          <div className="body stack">
            <h1>{t('Sign in')}</h1>
            {wrong !== undefined && <Note tone="bad">{wrong}</Note>}
            {children}
            {ways.length > 1 && (
              <div className="tabs" role="tablist">
                {ways.map(([id, name]) => (
                  <button
                    key={id}
                    type="button"
                    role="tab"
                    aria-selected={way === id}
                    onClick={() => setWay(id)}
                  >
                    {name}
                  </button>
                ))}
              </div>
            )}
            {way === 'password' && <ByPassword region={info.region} />}
            {way === 'key' && <ByKey region={info.region} />}
            {way === 'open' && <Open region={info.region} />}
          </div>
        </section>
        {info.auth === 'strict' && (
          <p className="muted small">
            {t('On the host itself:')} <code>sudo ./brume console</code>{' '}
            {t('opens this page signed in.')}
          </p>
        )}
        <p className="muted small">{t('Version {version}', { version: info.version })}</p>
      </div>
    </main>
  )
}

function Form(props: { label: string; submit(): Promise<void>; children: ReactNode }) {
  const [isBusy, setBusy] = useState(false)
  const [wrong, setWrong] = useState<string>()
  const onSubmit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setWrong(undefined)
    try {
      await props.submit()
    } catch (error) {
      setWrong(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className="stack" onSubmit={(event) => void onSubmit(event)}>
      {props.children}
      {wrong !== undefined && <Note tone="bad">{wrong}</Note>}
      <Button type="submit" look="primary" isBusy={isBusy}>
        {props.label}
      </Button>
    </form>
  )
}

function ByPassword({ region }: { region: string }) {
  const [account, setAccount] = useState(() => remembered('account', ''))
  const [userName, setUserName] = useState('')
  const [password, setPassword] = useState('')
  const [more, setMore] = useState<'mfaNeeded' | 'newPasswordNeeded'>()
  const [mfaCode, setMfaCode] = useState('')
  const [newPassword, setNewPassword] = useState('')
  const submit = async (): Promise<void> => {
    const found = await signInByPassword(
      {
        account: account.trim(),
        userName: userName.trim(),
        password,
        ...(mfaCode ? { mfaCode: mfaCode.trim() } : {}),
        ...(newPassword ? { newPassword } : {}),
      },
      region,
    )
    if (typeof found === 'string') return setMore(found)
    remember('account', account.trim())
    await signedIn(found)
  }
  return (
    <Form label={t('Sign in')} submit={submit}>
      <Text label={t('Account ID or alias')} value={account} set={setAccount} auto="organization" />
      <Text label={t('IAM user name')} value={userName} set={setUserName} auto="username" />
      <Text
        label={t('Password')}
        value={password}
        set={setPassword}
        auto="current-password"
        isSecret
      />
      {(more === 'mfaNeeded' || mfaCode) && (
        <Text label={t('MFA code')} value={mfaCode} set={setMfaCode} auto="one-time-code" />
      )}
      {more === 'newPasswordNeeded' && (
        <>
          <Note tone="warn">{t('A new password is due.')}</Note>
          <Text
            label={t('New password')}
            value={newPassword}
            set={setNewPassword}
            auto="new-password"
            isSecret
          />
        </>
      )}
    </Form>
  )
}

function ByKey({ region }: { region: string }) {
  const [accessKeyId, setAccessKeyId] = useState('')
  const [secretAccessKey, setSecret] = useState('')
  const submit = async (): Promise<void> => {
    const keys = { accessKeyId: accessKeyId.trim(), secretAccessKey: secretAccessKey.trim() }
    await signedIn(await signInByKey(keys, region))
  }
  return (
    <Form label={t('Sign in')} submit={submit}>
      <Text label={t('Access key ID')} value={accessKeyId} set={setAccessKeyId} auto="username" />
      <Text
        label={t('Secret access key')}
        value={secretAccessKey}
        set={setSecret}
        auto="current-password"
        isSecret
      />
      <p className="muted small">
        {t(
          'The key signs one request; what this page keeps is a session that ends after twelve hours.',
        )}
      </p>
    </Form>
  )
}

function Open({ region }: { region: string }) {
  const [account, setAccount] = useState(() => remembered('account', '000000000000'))
  const submit = async (): Promise<void> => {
    if (!/^\d{12}$/.test(account)) throw new Error(t('An account has 12 digits.'))
    remember('account', account)
    await signedIn(signInOpen(account, region))
  }
  return (
    <Form label={t('Enter')} submit={submit}>
      <Note tone="warn">
        {t('This cloud checks no signatures (--auth open): any account is open to anybody.')}
      </Note>
      <Text label={t('Account ID')} value={account} set={setAccount} auto="off" />
    </Form>
  )
}

function Text(props: {
  label: string
  value: string
  set(value: string): void
  auto: string
  isSecret?: boolean
}) {
  return (
    <InputField
      label={props.label}
      type={props.isSecret ? 'password' : 'text'}
      autoComplete={props.auto}
      autoCapitalize="none"
      spellCheck={false}
      required
      value={props.value}
      onChange={props.set}
    />
  )
}
