/** What surrounds every page: the bar with region, identity and theme; the places; words when the stream is broken. */
import { useEffect, useState, useSyncExternalStore, type ReactNode } from 'react'
import { Link, NavLink, useLocation, useNavigate } from 'react-router'
import { livenessNow, livenessSubscribe } from './aws/events.ts'
import { useSession } from './aws/collection.ts'
import type { CloudInfo } from './aws/http.ts'
import {
  msLeft,
  nameOfArn,
  regionChange,
  roleLeave,
  sessionEnd,
  sessionLapse,
  type Session,
} from './aws/session.ts'
import { roleRenew } from './aws/sign-in.ts'
import { SwitchRole } from './switch-role.tsx'
import { t } from './text/t.ts'
import { Menu } from './ui/menu.tsx'

const PLACES: readonly { title: string; entries: readonly [string, string][] }[] = [
  {
    title: '',
    entries: [
      ['/', t('Home')],
      ['/console/instances', t('Instances')],
      ['/console/launch', t('Launch instances')],
      ['/console/images', t('Images')],
      ['/console/templates', t('Launch templates')],
      ['/console/scaling', t('Auto Scaling groups')],
    ],
  },
  {
    title: t('Storage & backup'),
    entries: [
      ['/console/volumes', t('Volumes')],
      ['/console/snapshots', t('Snapshots')],
      ['/console/backup', t('Backup')],
    ],
  },
  {
    title: t('Network & security'),
    entries: [
      ['/console/network', t('Networks')],
      ['/console/security-groups', t('Security groups')],
      ['/console/addresses', t('Elastic IPs')],
      ['/console/balancers', t('Load balancers')],
      ['/console/key-pairs', t('Key pairs')],
    ],
  },
  {
    title: t('Cloud'),
    entries: [
      ['/console/hosts', t('Hosts')],
      ['/console/dashboards', t('Dashboards')],
      ['/console/alarms', t('Alarms')],
      ['/console/iam', t('Users & policies')],
      ['/console/activity', t('Activity')],
      ['/console/settings', t('Settings')],
    ],
  },
]

const REGIONS = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'ap-northeast-1',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'sa-east-1',
]

export function Frame({ info, children }: { info: CloudInfo; children: ReactNode }) {
  const session = useSession()!
  const liveness = useSyncExternalStore(livenessSubscribe, livenessNow)
  const [isOpen, setOpen] = useState(false)
  const [isSwitching, setSwitching] = useState(false)
  const { pathname } = useLocation()
  useEffect(() => setOpen(false), [pathname])
  return (
    <div className="frame">
      <a className="skip" href="#page">
        {t('Skip to the page')}
      </a>
      <header className="topbar">
        <button
          type="button"
          className="button icon menu-button"
          aria-label={t('Places')}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          ☰
        </button>
        <Link to="/" className="brand">
          <img src="/icon.svg" alt="" /> Brume
        </Link>
        {info.isSimulated && <span className="chip warn wide-only">{t('simulated hosts')}</span>}
        <span className="grow" />
        <SessionClock session={session} />
        <RegionMenu session={session} />
        <IdentityMenu session={session} onSwitch={() => setSwitching(true)} />
      </header>
      <nav className={`places ${isOpen ? 'open' : ''}`} aria-label={t('Places')}>
        {PLACES.map(({ title, entries }) => (
          <div key={title}>
            {title !== '' && <h2>{title}</h2>}
            {entries.map(([to, name]) => (
              <NavLink key={to} to={to} end={to === '/'}>
                {name}
              </NavLink>
            ))}
          </div>
        ))}
      </nav>
      <main className="page" id="page" tabIndex={0}>
        {liveness === 'lost' && (
          <div className="banner" role="alert">
            {t('The connection to the cloud is lost; what you see may be old. Trying again…')}
          </div>
        )}
        {children}
      </main>
      {isSwitching && <SwitchRole onClose={() => setSwitching(false)} />}
    </div>
  )
}

function RegionMenu({ session }: { session: Session }) {
  const regions = REGIONS.includes(session.region) ? REGIONS : [session.region, ...REGIONS]
  return (
    <Menu
      label={session.region}
      name={t('Region: {region}', { region: session.region })}
      look="quiet"
      items={regions.map((region) => ({ label: region, run: () => regionChange(region) }))}
    />
  )
}

function IdentityMenu({ session, onSwitch }: { session: Session; onSwitch(): void }) {
  const navigate = useNavigate()
  const name = session.roleLabel ?? nameOfArn(session.arn)
  const themes: [string, string | null][] = [
    [t('Theme: as the system'), null],
    [t('Theme: light'), 'light'],
    [t('Theme: dark'), 'dark'],
  ]
  return (
    <Menu
      label={<span className="nowrap">{name}</span>}
      name={t('Signed in as {name}, account {account}', { name, account: session.account })}
      look="quiet"
      items={[
        {
          label: t('Account {account}', { account: session.account }),
          run: () => void navigate('/console/settings'),
        },
        ...(session.base
          ? [{ label: t('Back to {name}', { name: nameOfArn(session.base.arn) }), run: roleLeave }]
          : []),
        { label: t('Switch role…'), run: onSwitch },
        ...themes.map(([label, theme], index) => ({
          label: `${theme === themeNow() ? '✓ ' : ''}${label}`,
          run: () => themeSet(theme),
          isApart: index === 0,
        })),
        { label: t('Sign out'), run: sessionEnd, isApart: true },
      ]}
    />
  )
}

function themeNow(): string | null {
  return document.documentElement.dataset['theme'] ?? null
}

function themeSet(theme: string | null): void {
  if (theme === null) {
    delete document.documentElement.dataset['theme']
    localStorage.removeItem('brume.theme')
    return
  }
  document.documentElement.dataset['theme'] = theme
  // As the small script before the first paint reads it.
  localStorage.setItem('brume.theme', theme)
}

const WARN_MS = 10 * 60_000
/** A role that was switched to is taken anew, as long as who took it is signed in. */
const RENEW_MS = 5 * 60_000

/** The last ten minutes are counted; at the end the sign-in comes by itself. */
function SessionClock({ session }: { session: Session }) {
  const [left, setLeft] = useState(() => msLeft(session))
  useEffect(() => {
    const look = (): void => {
      const ms = msLeft(session)
      setLeft(ms)
      if (ms <= 0) sessionLapse()
      else if (ms < RENEW_MS && session.base) void roleRenew().catch(() => {})
    }
    look()
    const timer = setInterval(look, 15_000)
    return () => clearInterval(timer)
  }, [session])
  if (left > WARN_MS) return null
  return (
    <span className="chip warn" role="status">
      {t('session ends in {n} min', { n: Math.max(1, Math.round(left / 60_000)) })}
    </span>
  )
}
