/** Who is signed in, and how tools of one's own reach the same cloud. */
import { useEffect } from 'react'
import { useSession } from '../aws/collection.ts'
import { t } from '../text/t.ts'
import { Card, Code, CopyId, Fact, PageHead } from '../ui/parts.tsx'
import { timeText } from '../util/instance.ts'
import { Doctor } from './doctor.tsx'

export default function SettingsPage() {
  const session = useSession()
  useEffect(() => {
    document.title = `${t('Settings')} · Brume`
  }, [])
  if (!session) return null
  const { expiration } = session.keys
  return (
    <div className="inner">
      <PageHead title={t('Settings')} />
      <Card title={t('You')}>
        <dl className="facts">
          <Fact name={t('Account ID')}>
            <CopyId text={session.account} />
          </Fact>
          <Fact name={t('Identity')}>
            <span className="mono">{session.arn}</span>
          </Fact>
          <Fact name={t('Region')}>{session.region}</Fact>
          <Fact name={t('The session ends')}>
            {expiration ? timeText(new Date(expiration)) : t('never')}
          </Fact>
        </dl>
      </Card>
      <Doctor />
      <Card title={t('Your own tools')}>
        <div className="stack">
          <p className="muted">{t('On the host, for this terminal:')}</p>
          <Code text={'eval "$(./brume env)"\naws ec2 describe-instances'} label="shell" />
          <p className="muted">{t('Anywhere, with an access key of yours:')}</p>
          <Code
            text={`aws configure set endpoint_url ${location.origin} --profile brume\naws ec2 describe-instances --profile brume --region ${session.region}`}
            label="shell"
          />
          <p className="muted">{t('Terraform:')}</p>
          <Code
            text={`provider "aws" {\n  region = "${session.region}"\n  endpoints {\n    ec2 = "${location.origin}"\n    iam = "${location.origin}"\n    sts = "${location.origin}"\n  }\n}`}
            label="Terraform"
          />
        </div>
      </Card>
      <Card title={t('Keyboard')}>
        <dl className="facts">
          <Fact name={t('Find')}>
            <kbd>/</kbd>
          </Fact>
          <Fact name={t('In a table')}>
            <kbd>↑</kbd> <kbd>↓</kbd> {t('move')}, <kbd>Space</kbd> {t('selects')}, <kbd>Shift</kbd>{' '}
            {t('selects on the way')}, <kbd>Enter</kbd> {t('opens')}, <kbd>Ctrl</kbd>+<kbd>A</kbd>{' '}
            {t('selects all')}, <kbd>Esc</kbd> {t('selects none')}
          </Fact>
          <Fact name={t('In a menu')}>
            <kbd>↑</kbd> <kbd>↓</kbd>, <kbd>Esc</kbd> {t('closes')}
          </Fact>
        </dl>
      </Card>
    </div>
  )
}
